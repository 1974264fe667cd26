using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The points of a step of two gradients, first w or w + u, then one that follows from it; and the gradient that is applied.
/// </summary>
internal sealed class TwoGradients : IDisposable
{
    private readonly List<IDisposable> owned = [];
    private readonly long kept;

    /// <param name="device">Where the arrays are.</param>
    /// <param name="weights">w.</param>
    /// <param name="gradients">The gradient at the last point.</param>
    /// <param name="first">The first point: w itself, or w + u.</param>
    /// <param name="forward">Where the points go.</param>
    /// <param name="second">The second point.</param>
    /// <exception cref="ArgumentException">The second point is not of w's shape.</exception>
    public TwoGradients(
        Device device, Region weights, Region gradients, Region first, Region forward, SecondGradient second)
    {
        Shape shape = new(checked((int)weights.Count));
        Tensor w = Tensor.Input(shape, "w"), g = Tensor.Input(shape, "g"), start = Tensor.Input(shape, "first");
        Tensor point = second.Point(w, g, start);
        if (!point.Shape.Equals(shape))
        {
            throw new ArgumentException(
                $"The point of a step's second gradient has shape {point.Shape}, but the weights have {shape}.");
        }

        try
        {
            Start = Own(device.Bind(FusedMap.BroadcastTo(shape), [shape], [first], forward));
            CompiledGraph climb = Own(CompiledGraph.Compile(device, [point], new Dictionary<Tensor, Region>
            {
                [w] = weights,
                [g] = gradients,
                [start] = first,
                [point] = forward,
            }));
            (Next, kept) = ([.. climb.Parts], climb.IntermediateBytes);
            if (second.Averaged)
            {
                DeviceBuffer other = Own(device.Allocate(weights.Count, "the first of a step's two gradients"));
                Tensor a = Tensor.Input(shape, "a"), b = Tensor.Input(shape, "b"), mean = (a + b) * 0.5f;
                CompiledGraph averaging = Own(CompiledGraph.Compile(device, [mean], new Dictionary<Tensor, Region>
                {
                    [a] = new(other),
                    [b] = gradients,
                    [mean] = gradients,
                }));
                Next = [Own(device.Bind(FusedMap.BroadcastTo(shape), [shape], [gradients], new Region(other))), .. Next];
                End = [.. averaging.Parts];
                kept += (other.Count * sizeof(float)) + averaging.IntermediateBytes;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Makes the point the first.</summary>
    public Launch Start { get; }

    /// <summary>Makes the point the second, behind the gradient at the first.</summary>
    public IReadOnlyList<Launch> Next { get; } = [];

    /// <summary>Makes the gradient the one to apply, behind that at the second point.</summary>
    public IReadOnlyList<Launch> End { get; } = [];

    /// <summary>The memory between, in bytes.</summary>
    public long Bytes => kept;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The launches before the memory that they use.
        for (int i = owned.Count - 1; i >= 0; i--)
        {
            owned[i].Dispose();
        }
    }

    private T Own<T>(T one)
        where T : IDisposable
    {
        owned.Add(one);
        return one;
    }
}
