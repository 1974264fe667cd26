using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Outputs with memory of their own to go to, a leaf's own included.</summary>
internal sealed class BoundOutputTests
{
    private static readonly Shape Shape = new(3, 2);

    [Test]
    public void AnOutputInALeafsPlaceWaitsForTheLeafsReaders()
    {
        Tensor h = Tensor.Input(Shape, "h"), c = Tensor.Constant(Shape, [10, 20, 30, 40, 50, 60]);
        Tensor doubled = h * 2, next = h + 1, b = doubled + c, product = Tensor.MatMul(h.Transpose(), h);
        using DeviceBuffer memory = Device.Cpu.Allocate(Shape.Count);
        Region place = new(memory);
        place.Write([1, 2, 3, 4, 5, 6]);
        using CompiledGraph graph =
            CompiledGraph.Compile(Device.Cpu, [next, b, product], new Dictionary<Tensor, Region> { [h] = place, [next] = place });
        graph.Run();
        Assert.That(graph[b].ToArray(), Is.EqualTo(new float[] { 12, 24, 36, 48, 60, 72 }));
        Assert.That(graph[product].ToArray(), Is.EqualTo(new float[] { 35, 44, 44, 56 }));
        Assert.That(place.ToArray(), Is.EqualTo(new float[] { 2, 3, 4, 5, 6, 7 }));
        graph.Run();
        Assert.That(place.ToArray(), Is.EqualTo(new float[] { 3, 4, 5, 6, 7, 8 }));
    }

    [Test]
    public void AProductInItsOwnFactorsPlaceIsRight()
    {
        Shape square = new(3, 3);
        Tensor a = Tensor.Input(square, "a"), product = Tensor.MatMul(a, a);
        using DeviceBuffer memory = Device.Cpu.Allocate(9);
        Region place = new(memory);
        place.Write([1, 2, 0, 0, 1, 0, 0, 0, 3]);
        using CompiledGraph graph =
            CompiledGraph.Compile(Device.Cpu, [product], new Dictionary<Tensor, Region> { [a] = place, [product] = place });
        graph.Run();
        Assert.That(place.ToArray(), Is.EqualTo(new float[] { 1, 4, 0, 0, 1, 0, 0, 0, 9 }));
    }

    [Test]
    public void AConstantGetsToTheMemoryThatItIsBoundTo()
    {
        Tensor constant = Tensor.Constant(Shape, [1, 2, 3, 4, 5, 6]);
        using DeviceBuffer memory = Device.Cpu.Allocate(Shape.Count);
        using CompiledGraph graph = CompiledGraph.Compile(
            Device.Cpu, [constant, constant + 1], new Dictionary<Tensor, Region> { [constant] = new(memory) });
        graph.Run();
        Assert.That(new Region(memory).ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
    }

    [Test]
    public void ATensorsTwoViewsGoToTwoPlaces()
    {
        Tensor x = Tensor.Input(Shape, "x"), doubled = x * 2, flat = doubled.Reshape(6), turned = doubled.Reshape(2, 3);
        using DeviceBuffer first = Device.Cpu.Allocate(6), second = Device.Cpu.Allocate(6);
        using CompiledGraph graph = CompiledGraph.Compile(
            Device.Cpu, [flat, turned], new Dictionary<Tensor, Region> { [flat] = new(first), [turned] = new(second) });
        graph[x].Write([1, 2, 3, 4, 5, 6]);
        graph.Run();
        Assert.That(new Region(first).ToArray(), Is.EqualTo(new float[] { 2, 4, 6, 8, 10, 12 }));
        Assert.That(new Region(second).ToArray(), Is.EqualTo(new Region(first).ToArray()));
    }

    [Test]
    public void ADisposedGraphDoesNotRun()
    {
        CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [Tensor.Constant(1) + 1]);
        graph.Dispose();
        Assert.That(graph.Run, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void MemoryThatIsTooSmallIsRefused()
    {
        using DeviceBuffer small = Device.Cpu.Allocate(5), large = Device.Cpu.Allocate(6);
        Assert.That(
            () => Device.Cpu.Bind(FusedMap.Unary<ExpFunction>(), [Shape], [new Region(small)], new Region(large)),
            Throws.ArgumentException.With.Message.Contains("5 floats"));
        Assert.That(
            () => Device.Cpu.Bind(FusedMap.Unary<ExpFunction>(), [Shape], [new Region(large)], new Region(small)),
            Throws.ArgumentException.With.Message.Contains("output"));
    }

    [Test]
    public void ArgumentsInAnotherOrderAreNotTheFunctionItself()
    {
        Expression swapped = Expression.Binary<SubtractFunction>().Substitute([Expression.Argument(1), Expression.Argument(0)]);
        Tensor x = Tensor.Constant(Shape, new float[6]), y = Tensor.Constant(Shape, new float[6]);
        Assert.That(() => Tensor.Apply(new FusedMap(swapped), x, y).Sum().Gradient(x), Throws.TypeOf<NotSupportedException>());
    }
}
