using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;
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

    /// <summary>
    /// The moments of what a product stores, a residual's sum among them, are gathered as it does; a bias is added by who reads.
    /// </summary>
    [Test]
    public void AProductGathersMomentsOfWhatItStores([Values("residual", "bias")] string behind)
    {
        bool residual = behind == "residual";
        Tensor a = Tensor.Input(new Shape(70, 12), "a"), b = Tensor.Input(new Shape(12, 8), "b");
        Tensor c = Tensor.Input(new Shape(70, 8), "c"), product = Tensor.MatMul(a, b);
        Tensor stored = residual ? product + c : behind == "bias" ? product + Bias : product;
        Tensor mean = stored.Mean([0]), variance = stored.Variance(mean, [0]);
        Tensor[] outputs = [(stored - mean) / (variance + 1e-5).Sqrt(), stored * stored, mean];
        GpuDevice device = WarpSimulator.Device;
        var before = (device.FusesMaps, device.JoinsPasses, device.GathersMoments, device.Products, device.TileSetting);
        try
        {
            (device.FusesMaps, device.JoinsPasses, device.GathersMoments) = (true, true, true);
            (device.Products, device.TileSetting) = (ProductMode.Single, "");
            GraphCompiler plan = CompiledGraph.Plan(device, outputs);
            Assert.That(plan.Steps.Count(step => step.Pass?.Pass.Kind == ColumnPassKind.GatheredMoments), Is.EqualTo(1));
            Assert.That(
                plan.Steps.Select(step => step.Operation).OfType<ProductMoments>().Single().Product is FusedProduct,
                Is.EqualTo(residual));
            float[][] gathered = Run(device, outputs, [a, b, c], out int launches);
            device.GathersMoments = false;
            float[][] apart = Run(device, outputs, [a, b, c], out int same);
            Assert.That(launches, Is.EqualTo(same));
            for (int i = 0; i < apart.Length; i++)
            {
                Assert.That(gathered[i], Is.EqualTo(apart[i]).Within(1e-5), $"output {i}");
            }
        }
        finally
        {
            (device.FusesMaps, device.JoinsPasses, device.GathersMoments, device.Products, device.TileSetting) = before;
        }
    }

    /// <summary>Of Wide-ResNets' batch norms those behind convolutions whose terms are summed in one part.</summary>
    [TestCase(16, 1, 13, 8)]
    [TestCase(58, 3, 55, 21)]
    public void BatchNormsOfWideResNets(int depth, int widen, int norms, int gathered)
    {
        const int Batch = 128;
        using GpuDevice device = WarpSimulator.Create(8, onlyListsKernels: true);
        (device.FusesMaps, device.JoinsPasses, device.GathersMoments) = (true, true, true);
        (device.Products, device.TileSetting) = (ProductMode.Single, "");
        WideResNet model = new(depth, widen, 10);
        using ParameterArena arena = new(model, device, 1);
        TrainingContext context = new(1);
        model.Train(context);
        Tensor images = Tensor.Input(new Shape(Batch, 32, 32, 3), "images");
        Tensor labels = Tensor.Input(new Shape(Batch), "labels");
        Tensor loss = Loss.CrossEntropy(model.Forward(images), labels).Mean();
        Tensor[] gradients = loss.Gradient([.. arena.Parameters.Select(parameter => parameter.Tensor)]);
        GraphCompiler plan = CompiledGraph.Plan(device, [loss, .. gradients, .. context.Next.Values]);
        int Count(ColumnPassKind kind) => plan.Steps.Count(step => step.Pass?.Pass.Kind == kind);
        Assert.That(Count(ColumnPassKind.GatheredMoments), Is.EqualTo(gathered));
        Assert.That(Count(ColumnPassKind.GatheredMoments) + Count(ColumnPassKind.Moments), Is.EqualTo(norms));
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
