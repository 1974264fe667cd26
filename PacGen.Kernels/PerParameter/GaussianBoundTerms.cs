using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels.PerParameter;

/// <summary>Of w and the curvature: the exact KL and ηℳ at Lemma 8's σ* to add up; how far the curvature is below 0, to take the largest of.</summary>
internal readonly struct GaussianBoundTerms : ITerms<GaussianBoundSettings>
{
    public static int Inputs => 2;

    public static int Sums => 2;

    public static int Maxima => 2;

    public static bool UsesWords => false;

    public static (uint Key0, uint Key1, uint Stream, uint Step) Random(GaussianBoundSettings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(T a, T b, T c, TWords word, GaussianBoundSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        sum0 = GaussianBoundTerm.Of(a, b, settings, out sum1);
        largest0 = -b;
        largest1 = T.Constant(0f);
    }
}
