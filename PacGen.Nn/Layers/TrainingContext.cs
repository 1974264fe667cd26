using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>What a graph built for training knows of the run: the seed, and the step as an input of the graph. Layers that draw random numbers take their stream from here.</summary>
/// <param name="seed">The run's seed.</param>
public sealed class TrainingContext(ulong seed)
{
    private uint streams;

    /// <summary>The run's seed.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>The step number, a scalar that is written before each run of the graph: another step, other random numbers.</summary>
    public Tensor Step { get; } = Tensor.Input(Shape.Scalar, "step");

    /// <summary>A random stream that nobody else in the graph has; the same at every build of the same modules.</summary>
    public uint NextStream() => 0x4452_0000 + streams++;
}
