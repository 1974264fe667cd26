using PacGen.Core.Lanes;

namespace PacGen.Core.Optimization;

/// <summary>
/// The numbers that an <see cref="IUpdateRule"/> keeps for a parameter, in the order of its names; those that it has no name for
/// are 0.
/// </summary>
/// <typeparam name="T">The lane.</typeparam>
public struct States<T>
    where T : struct, ILane<T>
{
    /// <summary>The most that a rule keeps.</summary>
    public const int Most = 4;

    /// <summary>The first.</summary>
    public T First;

    /// <summary>The second.</summary>
    public T Second;

    /// <summary>The third.</summary>
    public T Third;

    /// <summary>The fourth.</summary>
    public T Fourth;
}
