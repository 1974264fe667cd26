using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>κ, the half width of the neighbourhood of a weight (Definition 4).</summary>
public static class Kappa
{
    /// <summary>κ_{γ,ε}(w) = γ|w| + ε (Definition 4); line 7 of Algorithm 1 when γ is <see cref="ScheduledGamma"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T weight, T gamma, T epsilon)
        where T : struct, ILane<T> => T.Fma(gamma, T.Abs(weight), epsilon);

    /// <summary>γ / log(1 + epoch), the γ of line 7 of Algorithm 1.</summary>
    /// <param name="gamma">γ.</param>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epoch"/> is below 1: epochs count from 1, and log 1 is
    /// 0.</exception>
    public static double ScheduledGamma(double gamma, int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epoch, 1);
        return gamma / Math.Log(1d + epoch);
    }
}
