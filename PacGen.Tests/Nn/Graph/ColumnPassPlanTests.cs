using PacGen.Kernels;
using PacGen.Nn;
using Random = PacGen.Tests.Kernels.KernelRun;

namespace PacGen.Tests.Nn;

/// <summary>Which sums of a GPU are joined into passes over columns, and that values stay what they were.</summary>
internal sealed class ColumnPassPlanTests
{
    private static readonly Tensor X = Tensor.Input(new Shape(3, 2, 5, 8), "x"), Y = Tensor.Input(new Shape(3, 2, 5, 8), "y"),
        Bias = Tensor.Input(new Shape(8), "bias");

    private static readonly int[] Rows = [0, 1, 2];

    [Test]
    public void MeanAndVarianceAreOnePass()
    {
        Tensor shifted = X + Bias, mean = shifted.Mean(Rows), variance = shifted.Variance(mean, Rows);
        Check([mean, variance, (variance + 1e-5).Sqrt()], 1, ColumnPassKind.Moments, 1);
    }

    [Test]
    public void TwoSumsOfTheSameNumbersAreOnePass() =>
        Check([Y.Sum(Rows), (Y * (X - Bias)).Sum(Rows)], 1, ColumnPassKind.Sums, 1);

    [Test]
    public void ASumThatNeedsTheOtherWaits()
    {
        // Not about the mean, but about the sum.
        Tensor sum = X.Sum(Rows);
        Check([(X - sum).Square().Sum(Rows)], 2, ColumnPassKind.Sum, 2);
    }

    [Test]
    public void AMapIsStoredAsItIsSummed()
    {
        Tensor product = X * (Y - Bias).Tanh(), sum = product.Sum(Rows);
        Check([product, sum, sum * Bias], 1, ColumnPassKind.StoredSum, 1);
    }

    [Test]
    public void MapsBehindSumsWaitForWhatIsComputedLater()
    {
        Tensor sum = Y.Sum(Rows), other = Tensor.MatMul(X.Reshape(30, 8), sum.Reshape(8, 1)).Sum([0, 1]);
        Check([sum * Bias, sum * other], 4, ColumnPassKind.Sum, 1);
    }

    [Test]
    public void SumsOfOtherColumnsAreLeftAlone()
    {
        Tensor odd = Tensor.Input(new Shape(6, 7), "odd");
        Check([odd.Sum([0]), X.Sum([0]), X.Sum([3]), X.Max([0, 1, 2])], 4, ColumnPassKind.Sum, 0, odd);
    }

    private static void Check(Tensor[] outputs, int launches, ColumnPassKind kind, int passes, params Tensor[] more)
    {
        GpuDevice device = (GpuDevice)Device.Simulator;
        (bool fuses, bool joins) = (device.FusesMaps, device.JoinsPasses);
        try
        {
            (device.FusesMaps, device.JoinsPasses) = (true, true);
            GraphCompiler plan = CompiledGraph.Plan(device, outputs);
            Assert.That(plan.Steps.Count(step => step.Pass?.Pass.Kind == kind), Is.EqualTo(passes));
            float[][] values = Run(device, outputs, more, out int joined);
            Assert.That(joined, Is.EqualTo(launches));
            device.JoinsPasses = false;
            float[][] expected = Run(device, outputs, more, out _);
            for (int i = 0; i < values.Length; i++)
            {
                Assert.That(values[i], Is.EqualTo(expected[i]).Within(1e-4), $"output {i}");
            }
        }
        finally
        {
            (device.FusesMaps, device.JoinsPasses) = (fuses, joins);
        }
    }

    private static float[][] Run(GpuDevice device, Tensor[] outputs, Tensor[] more, out int launches)
    {
        using CompiledGraph graph = CompiledGraph.Compile(device, outputs);
        launches = graph.Launches;
        ulong seed = 1;
        foreach (Tensor input in (Tensor[])[X, Y, Bias, .. more])
        {
            seed++;
            if (graph.Inputs.Contains(input))
            {
                graph[input].Write(Random.Random(input.Shape, seed));
            }
        }

        graph.Run();
        return [.. outputs.Select(output => graph[output].ToArray())];
    }
}
