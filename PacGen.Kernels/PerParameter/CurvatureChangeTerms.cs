using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels.PerParameter;

/// <summary>Of w, h(w) and h(w + u): |Δh|/κ and u² to add up, |Δh|/|u| and |Δh| to take the largest of.</summary>
internal readonly struct CurvatureChangeTerms : ITerms<PerturbSettings>
{
    public static int Inputs => 3;

    public static int Sums => 2;

    public static int Maxima => 2;

    public static bool UsesWords => true;

    public static (uint Key0, uint Key1, uint Stream, uint Step) Random(PerturbSettings settings) =>
        (settings.Key0, settings.Key1, settings.Stream, settings.Step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(T a, T b, T c, TWords word, PerturbSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T kappa = Kappa.Of(a, T.Constant(settings.Gamma), T.Constant(settings.Epsilon));
        T u = UniformNoise.Sample(kappa, kappa, word);
        T change = T.Abs((c - b) * T.Constant(settings.SecondMomentScale));
        sum0 = change / kappa;
        sum1 = u * u;
        largest0 = change / T.Abs(u);
        largest1 = change;
    }
}
