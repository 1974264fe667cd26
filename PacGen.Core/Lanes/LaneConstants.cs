using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>
/// Up to seven constants in every place of a lane: made once for a loop, which then has them at hand as vectors.
/// </summary>
/// <typeparam name="T">The lane.</typeparam>
[method: MethodImpl(MethodImplOptions.AggressiveInlining)]
public readonly struct LaneConstants<T>(
    float c0 = 0, float c1 = 0, float c2 = 0, float c3 = 0, float c4 = 0, float c5 = 0, float c6 = 0)
    where T : struct, ILane<T>
{
    /// <summary>The first.</summary>
    public readonly T C0 = T.Constant(c0);

    /// <summary>The second.</summary>
    public readonly T C1 = T.Constant(c1);

    /// <summary>The third.</summary>
    public readonly T C2 = T.Constant(c2);

    /// <summary>The fourth.</summary>
    public readonly T C3 = T.Constant(c3);

    /// <summary>The fifth.</summary>
    public readonly T C4 = T.Constant(c4);

    /// <summary>The sixth.</summary>
    public readonly T C5 = T.Constant(c5);

    /// <summary>The seventh.</summary>
    public readonly T C6 = T.Constant(c6);
}
