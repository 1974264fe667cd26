namespace PacGen.Nn;

/// <summary>Gathers a <see cref="Metric"/> over the samples of a set, in the set's order.</summary>
public abstract class MetricTally
{
    /// <summary>The metric of the samples so far.</summary>
    public abstract double Value { get; }

    /// <summary>Adds a sample.</summary>
    /// <param name="output">What the network gives for it.</param>
    /// <param name="target">Its target's numbers: a class as its number.</param>
    public abstract void Add(ReadOnlySpan<float> output, ReadOnlySpan<float> target);
}
