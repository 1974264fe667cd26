using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>a²: the sum is ‖a‖², for the clipping of gradients by their norm.</summary>
public readonly struct SquareTerm : ITerms<NoSettings>
{
    /// <inheritdoc/>
    public static int Inputs => 1;

    /// <inheritdoc/>
    public static int Sums => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(
        T a, T b, T c, TWords word, NoSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        sum0 = a * a;
        sum1 = largest0 = largest1 = default;
    }
}
