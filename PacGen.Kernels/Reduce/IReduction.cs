using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>An associative combination of two lanes.</summary>
internal interface IReduction
{
    /// <summary>What changes nothing.</summary>
    static abstract float Identity { get; }

    /// <summary>The combination.</summary>
    static abstract T Combine<T>(T a, T b)
        where T : struct, ILane<T>;
}

/// <summary>a + b.</summary>
internal readonly struct Addition : IReduction
{
    public static float Identity => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Combine<T>(T a, T b)
        where T : struct, ILane<T> => a + b;
}

/// <summary>max(a, b), NaN if either is.</summary>
internal readonly struct Maximum : IReduction
{
    public static float Identity => float.NegativeInfinity;

    // Max answers its second argument where either is NaN, so it keeps the NaN of a.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Combine<T>(T a, T b)
        where T : struct, ILane<T> => T.Select(T.Equal(b, b), T.Max(b, a), b);
}
