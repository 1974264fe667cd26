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

    // Gradients of two layers with batch norm, and the running statistics, with and without passes.
    [Test]
    public void BatchNormTrainsTheSame()
    {
        float[][] joined = Train(true, out int few), apart = Train(false, out int many);
        Assert.That(many - few, Is.AtLeast(20));
        for (int i = 0; i < joined.Length; i++)
        {
            float scale = Math.Max(1e-2f, apart[i].Max(Math.Abs));
            Assert.That(joined[i], Is.EqualTo(apart[i]).Within(2e-5 * scale), $"tensor {i}");
        }
    }

    private static float[][] Train(bool joins, out int launches)
    {
        GpuDevice device = (GpuDevice)Device.Simulator;
        bool before = device.JoinsPasses;
        try
        {
            device.JoinsPasses = joins;
            Module model = new Sequential(
                new Conv2d(3, 8, 3, padding: 1), new BatchNorm(8), new Relu(), new Conv2d(8, 4, 3, padding: 1), new BatchNorm(4),
                new Relu(), new Flatten(), new Linear(64, 5));
            using ParameterArena arena = new(model, device, 1);
            TrainingContext context = new(1);
            model.Train(context);
            Tensor images = Tensor.Input(new Shape(6, 4, 4, 3), "images"), labels = Tensor.Input(new Shape(6), "labels");
            Tensor loss = Loss.CrossEntropy(model.Forward(images), labels).Mean();
            Tensor[] outputs =
                [loss, .. loss.Gradient([.. arena.Parameters.Select(parameter => parameter.Tensor)]), .. context.Next.Values];
            using CompiledGraph graph = CompiledGraph.Compile(device, outputs);
            graph[images].Write(Random.Random(images.Shape, 3));
            graph[labels].Write([0, 1, 2, 3, 4, 0]);
            graph.Run();
            launches = graph.Launches;
            return [.. outputs.Select(output => graph[output].ToArray())];
        }
        finally
        {
            device.JoinsPasses = before;
        }
    }

    private static void Check(Tensor[] outputs, int launches, ColumnPassKind kind, int passes, params Tensor[] more)
    {
        GpuDevice device = (GpuDevice)Device.Simulator;
        bool before = device.JoinsPasses;
        try
        {
            device.JoinsPasses = true;
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
            device.JoinsPasses = before;
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
