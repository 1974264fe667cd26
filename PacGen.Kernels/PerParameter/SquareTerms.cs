using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels.PerParameter;

/// <summary>a².</summary>
internal readonly struct SquareTerms : ITerms<int>
{
    public static int Inputs => 1;

    public static int Sums => 1;

    public static int Maxima => 0;

    public static bool UsesWords => false;

    public static (uint Key0, uint Key1, uint Stream, uint Step) Random(int settings) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(T a, T b, T c, TWords word, int settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        sum0 = a * a;
        sum1 = largest0 = largest1 = default;
    }
}
