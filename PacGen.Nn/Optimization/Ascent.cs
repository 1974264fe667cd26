using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>The points of a step of two gradients: w, then one that follows from w and the gradient there.</summary>
internal sealed class Ascent : IDisposable
{
    private readonly CompiledGraph graph;

    /// <param name="device">Where the arrays are.</param>
    /// <param name="weights">w.</param>
    /// <param name="gradients">The gradient at the last point.</param>
    /// <param name="forward">Where the points go.</param>
    /// <param name="second">The second point of w and g.</param>
    /// <exception cref="ArgumentException">The second point is not of w's shape.</exception>
    public Ascent(Device device, Region weights, Region gradients, Region forward, Func<Tensor, Tensor, Tensor> second)
    {
        Shape shape = new(checked((int)weights.Count));
        Tensor w = Tensor.Input(shape, "w"), g = Tensor.Input(shape, "g"), point = second(w, g);
        if (!point.Shape.Equals(shape))
        {
            throw new ArgumentException(
                $"The point of a step's second gradient has shape {point.Shape}, but the weights have {shape}.");
        }

        graph = CompiledGraph.Compile(
            device, [point], new Dictionary<Tensor, Region> { [w] = weights, [g] = gradients, [point] = forward });
        Start = device.Bind(FusedMap.BroadcastTo(shape), [shape], [weights], forward);
        Climb = [.. graph.Parts];
    }

    /// <summary>Makes the point w.</summary>
    public Launch Start { get; }

    /// <summary>Makes the point the second.</summary>
    public List<Launch> Climb { get; }

    /// <summary>The memory between, in bytes.</summary>
    public long Bytes => graph.IntermediateBytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        Start.Dispose();
        graph.Dispose();
    }
}
