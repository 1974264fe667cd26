using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Which maps products of a GPU compute as they store, and that values are the same bits.</summary>
internal sealed class EpiloguePlanTests
{
    private static readonly Tensor X = Tensor.Input(new Shape(5, 4), "x"), W = Tensor.Input(new Shape(4, 8), "w"),
        V = Tensor.Input(new Shape(4, 8), "v"), Bias = Tensor.Input(new Shape(8), "bias"),
        Row = Tensor.Input(new Shape(5, 1), "row");

    private static GpuDevice Simulator => (GpuDevice)Device.Simulator;

    [Test]
    public void ABiasAndAReluGoIntoTheProduct() => Check([(Tensor.MatMul(X, W) + Bias).Relu()], 1, 1);

    [Test]
    public void OfTwoProductsOneTakesTheSum() => Check([Tensor.MatMul(X, W) + Tensor.MatMul(X, V)], 2, 1);

    [Test]
    public void TheProductsViewIsTheProduct() => Check([Tensor.MatMul(X, W).Reshape(new Shape(5, 1, 8)) + Bias], 1, 1);

    [Test]
    public void AProductThatOthersReadIsStored()
    {
        Tensor product = Tensor.MatMul(X, W);
        Check([(product + Bias).Relu(), product.Sum([0])], 3, 0);
        Check([product + Bias, product], 2, 0);
    }

    [Test]
    public void NumbersOfARowAndSlowFunctionsStayInTheMap()
    {
        Check([Tensor.MatMul(X, W) * Row], 2, 0);
        Check([Tensor.MatMul(X, W).Tanh()], 2, 0);
    }

    private static void Check(Tensor[] outputs, int launches, int fused)
    {
        GpuDevice device = Simulator;
        bool before = device.FusesMaps;
        try
        {
            device.FusesMaps = true;
            Assert.That(
                CompiledGraph.Plan(device, outputs).Steps.Count(step => step.Operation is FusedProduct), Is.EqualTo(fused));
            float[][] values = Run(device, outputs, launches);
            device.FusesMaps = false;
            Assert.That(values, Is.EqualTo(Run(device, outputs, launches + fused)));
        }
        finally
        {
            device.FusesMaps = before;
        }
    }

    private static float[][] Run(GpuDevice device, Tensor[] outputs, int launches)
    {
        using CompiledGraph graph = CompiledGraph.Compile(device, outputs);
        Assert.That(graph.Launches, Is.EqualTo(launches));
        ulong seed = 1;
        foreach (Tensor input in (Tensor[])[X, W, V, Bias, Row])
        {
            seed++;
            if (graph.Inputs.Contains(input))
            {
                graph[input].Write(PacGen.Tests.Kernels.KernelRun.Random(input.Shape, seed));
            }
        }

        graph.Run();
        return [.. outputs.Select(output => graph[output].ToArray())];
    }
}
