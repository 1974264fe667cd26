namespace PacGen.Benchmarks.Peers;

/// <summary>The best time of one piece of work.</summary>
/// <param name="Milliseconds">The shortest of all runs.</param>
/// <param name="Form">Which of the formulations that were tried took it.</param>
public readonly record struct PeerTime(double Milliseconds, string Form)
{
    /// <summary>The shorter of two times of the same work.</summary>
    public PeerTime Or(PeerTime other) => other.Milliseconds < Milliseconds ? other : this;
}
