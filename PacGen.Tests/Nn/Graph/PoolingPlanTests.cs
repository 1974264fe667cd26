using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>Which maps are computed behind a max pooling, and that values and gradients are what the graph says.</summary>
internal sealed class PoolingPlanTests
{
    private static readonly Shape Images = new(2, 6, 6, 3);
    private static readonly Tensor X = Tensor.Input(Images, "x"), Bias = Tensor.Input(new Shape(3), "bias"),
        Factor = Tensor.Input(new Shape(2, 1, 1, 3), "factor");

    /// <summary>Functions of images, and how many maps and sums of their values and gradients read as many numbers.</summary>
    private static readonly Dictionary<string, (Func<Tensor, Tensor> Build, int Maps)> Cases = new()
    {
        ["ReLU"] = (x => x.Relu().MaxPool2d(2), 0),
        ["bias"] = (x => (x + Bias).MaxPool2d(2), 0),
        ["bias in front"] = (x => (Bias + x).MaxPool2d(2), 0),
        ["difference"] = (x => (x - Factor).MaxPool2d(2), 0),
        ["bias, ReLU"] = (x => (x + Bias).Relu().MaxPool2d(2), 0),
        ["factor, bias, ReLU"] = (x => ((x * Factor) + Bias).Relu().MaxPool2d(2), 2),
        ["overlapping windows"] = (x => (x + Bias).Relu().MaxPool2d(3, 2, 1), 0),
        ["bias, ReLU, behind which is another"] = (x => (x.MaxPool2d(2) + Bias).Relu().MaxPool2d(2), 0),
        ["factor"] = (x => (x * Factor).MaxPool2d(2), 2),
        ["negative"] = (x => (Bias - x).MaxPool2d(2), 2),
        ["read twice"] = (Twice, 2),
        ["sum of two"] = (x => (x + x.Square()).MaxPool2d(2), 2),
    };

    private static IEnumerable<string> Names => Cases.Keys;

    [TestCaseSource(nameof(Names))]
    public void ValuesAndGradientsAreTheGraphs(string name)
    {
        const ulong Seed = 31;
        Tensor[] leaves = [X, Bias, Factor];
        Tensor y = Cases[name].Build(X);
        Tensor loss = (y.Square() * 0.5f).Sum();
        Tensor[] gradients = loss.Gradient(leaves);
        Tensor curved = gradients.Select(gradient => gradient.Square().Sum()).Aggregate((a, b) => a + b);
        Tensor[] outputs = [loss, .. gradients, .. curved.Gradient(leaves)];
        float[][] values = [.. leaves.Select((leaf, i) => KernelRun.Random(leaf.Shape, Seed + (ulong)i))];
        DoubleReference.Check(Device.Cpu, outputs, leaves, values, 1e-6, () => $"seed {Seed}");
    }

    /// <summary>A map that moves behind the pooling reads the pooled numbers, and so do its gradients and their sums.</summary>
    [TestCaseSource(nameof(Names))]
    public void MapsMoveBehindThePooling(string name)
    {
        (Func<Tensor, Tensor> build, int maps) = Cases[name];
        Tensor product = Tensor.Conv2d(X, Tensor.Input(new Shape(1, 1, 3, 3), "w"));
        Tensor loss = build(product).Square().Sum();
        Assert.That(
            CompiledGraph.Plan(Device.Cpu, [loss, .. loss.Gradient(product, Bias)]).Steps.Count(
                step => step.Operation is FusedMap or FusedReduce or Reduce && step.Inputs.Any(input => input.Shape == Images)),
            Is.EqualTo(maps));
    }

    /// <summary>An activation that is wanted itself stays, and is computed once.</summary>
    [Test]
    public void AnOutputStays()
    {
        Tensor active = Tensor.Conv2d(X, Tensor.Input(new Shape(1, 1, 3, 3), "w")).Relu();
        Assert.That(CompiledGraph.Plan(Device.Cpu, [active, active.MaxPool2d(2)]).Steps, Has.Count.EqualTo(3));
    }

    /// <summary>
    /// A window of which the ReLU leaves nothing has no gradient, one of equal numbers has it at the first; NaN stays NaN.
    /// </summary>
    [Test]
    public void TiesAndNaN()
    {
        Tensor x = Tensor.Input(new Shape(1, 2, 4, 1), "x");
        Tensor y = x.Relu().MaxPool2d(2);
        Tensor gradient = (y * Tensor.Constant(3f)).Sum().Gradient(x)[0];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [y, gradient]);
        graph[x].Write([-1, -2, 5, 5, -3, 0, 4, 5]);
        graph.Run();
        Assert.That(graph[y].ToArray(), Is.EqualTo(new float[] { 0, 5 }));
        Assert.That(graph[gradient].ToArray(), Is.EqualTo(new float[] { 0, 0, 3, 0, 0, 0, 0, 0 }));
        graph[x].Write([float.NaN, 1, -1, -1, 2, 3, -1, -1]);
        graph.Run();
        Assert.That(graph[y].ToArray(), Is.EqualTo(new float[] { float.NaN, 0 }));
    }

    /// <summary>What the user writes has memory, though the sum of a bias's gradient doesn't read it then.</summary>
    [Test]
    public void AnInputThatNothingReadsStays()
    {
        Tensor gradient = (X + Bias).MaxPool2d(2).Sum().Gradient(Bias)[0];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [gradient]);
        graph[X].Write(new float[Images.Count]);
        graph.Run();
        Assert.That(graph[gradient].ToArray(), Is.All.EqualTo(18f));
    }

    private static Tensor Twice(Tensor x)
    {
        Tensor active = x.Relu();
        return active.MaxPool2d(2) + active.AvgPool2d(2);
    }
}
