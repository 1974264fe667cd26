using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>
/// A distribution of perturbations, as a type argument: symmetric about 0, of level σ, never beyond κ unless it says so.
/// </summary>
public interface INoise
{
    /// <summary>One perturbation u a place.</summary>
    /// <param name="sigma">σ, the level; 0 gives 0.</param>
    /// <param name="kappa">κ, what |u| must not exceed; +∞ for no limit.</param>
    /// <param name="word">A random word.</param>
    static abstract T Sample<T, TWords>(T sigma, T kappa, TWords word)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>;
}
