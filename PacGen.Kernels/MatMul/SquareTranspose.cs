using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PacGen.Kernels;

/// <summary>The transpose of a square of 4 × 4 floats in registers.</summary>
internal static unsafe class SquareTranspose
{
    /// <summary>The side of a square.</summary>
    public const int Side = 4;

    /// <summary>Whether the machine has the instructions.</summary>
    public static bool IsSupported => Sse.IsSupported;

    /// <summary>Writes the transpose of a square.</summary>
    /// <param name="from">The square.</param>
    /// <param name="step">From a row of it to the next.</param>
    /// <param name="to">Its transpose.</param>
    /// <param name="toStep">From a row of that to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(float* from, nint step, float* to, nint toStep)
    {
        Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + step), c = Vector128.Load(from + (2 * step)),
            d = Vector128.Load(from + (3 * step));
        Vector128<float> lowAB = Sse.UnpackLow(a, b), highAB = Sse.UnpackHigh(a, b), lowCD = Sse.UnpackLow(c, d),
            highCD = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(lowAB, lowCD).Store(to);
        Sse.MoveHighToLow(lowCD, lowAB).Store(to + toStep);
        Sse.MoveLowToHigh(highAB, highCD).Store(to + (2 * toStep));
        Sse.MoveHighToLow(highCD, highAB).Store(to + (3 * toStep));
    }
}
