using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels.PerParameter;

/// <summary>Of w and the curvature: the term of Ψ (24), and 1 where 1/κ won.</summary>
internal readonly struct PsiTerms : ITerms<PsiSettings>
{
    public static int Inputs => 2;

    public static int Sums => 2;

    public static int Maxima => 0;

    public static bool UsesWords => false;

    public static (uint Key0, uint Key1, uint Stream, uint Step) Random(PsiSettings settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(T a, T b, T c, TWords word, PsiSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T kappa = Kappa.Of(a, T.Constant(settings.Gamma), T.Constant(settings.Epsilon));
        sum0 = PsiTerm.Of(a, kappa, b * T.Constant(settings.CurvatureScale), T.Constant(settings.RhoRootM), out T kappaWon);
        sum1 = T.Select(kappaWon, T.Constant(1f), T.Constant(0f));
        largest0 = largest1 = default;
    }
}
