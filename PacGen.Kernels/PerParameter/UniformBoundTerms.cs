using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels.PerParameter;

/// <summary>Of w and the curvature: KL (11) and ηℳ at σ* (14) to add up; how far the curvature is below 0, and (|w| + κ)/τ, to take the largest of.</summary>
internal readonly struct UniformBoundTerms : ITerms<UniformBoundSettings>
{
    public static int Inputs => 2;

    public static int Sums => 2;

    public static int Maxima => 2;

    public static bool UsesWords => false;

    public static (uint Key0, uint Key1, uint Stream, uint Step) Random(UniformBoundSettings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(T a, T b, T c, TWords word, UniformBoundSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        sum0 = UniformBoundTerm.Of(a, b, settings, out sum1, out largest1);
        largest0 = -b;
    }
}
