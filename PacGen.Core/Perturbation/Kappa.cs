using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>κ, the half width of the neighbourhood of a weight (Definition 4).</summary>
public static class Kappa
{
    /// <summary>
    /// κ_{γ,ε}(w) = γ|w| + ε (Definition 4); line 7 of Algorithm 1 when γ is <see cref="NoiseSchedule.Gamma"/>.
    /// </summary>
    /// <param name="weight">w.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="epsilon">ε.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T weight, T gamma, T epsilon)
        where T : struct, ILane<T> => T.Fma(gamma, T.Abs(weight), epsilon);
}
