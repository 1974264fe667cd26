using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>OPT, the rule that updates the weights (line 12 of Algorithm 1), as a type argument.</summary>
public interface IUpdateRule
{
    /// <summary>How many numbers a parameter the rule keeps from step to step: 0, 1 or 2. All start at 0.</summary>
    static abstract int StateCount { get; }

    /// <summary>The new weight.</summary>
    /// <param name="weight">w.</param>
    /// <param name="gradient">g, scaled.</param>
    /// <param name="state0">The first kept number; untouched by rules that keep none.</param>
    /// <param name="state1">The second kept number; untouched by rules that keep fewer.</param>
    /// <param name="settings">The step's scalars.</param>
    static abstract T Step<T>(T weight, T gradient, ref T state0, ref T state1, UpdateSettings settings)
        where T : struct, ILane<T>;
}
