using PacGen.Core.Lanes;

namespace PacGen.Core.Optimization;

/// <summary>
/// OPT, a rule that updates the weights from their gradient (line 12 of Algorithm 1). A value of the struct holds the settings of
/// one step: plain numbers that the host prepares, in fields of the rule's own; kernels on every device are closed over the type.
/// </summary>
/// <remarks>
/// The struct's fields are floats and 32-bit integers, or structs of them: it is copied to the device before each step.
/// </remarks>
public interface IUpdateRule
{
    /// <summary>
    /// The names of the numbers that the rule keeps for each parameter from step to step, at most four, such as m and v. All
    /// start at 0.
    /// </summary>
    static abstract IReadOnlyList<string> StateNames { get; }

    /// <summary>The new weight.</summary>
    /// <param name="weight">w.</param>
    /// <param name="gradient">g, clipped where it is to be.</param>
    /// <param name="states">What the rule keeps, in the order of <see cref="StateNames"/>: updated in place.</param>
    T Step<T>(T weight, T gradient, ref States<T> states)
        where T : struct, ILane<T>;
}
