using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>
/// Rounding to bfloat16: the upper half of a single-precision number, which has 8 significant bits. Ties go to even, what is too
/// large to infinity, as the instruction of GPUs and PyTorch have it; a NaN stays.
/// </summary>
public static class BFloat16
{
    /// <summary>The bits of a float that stay.</summary>
    public const int Kept = ~0xFFFF;

    /// <summary>What carries into them from above half of their last place on.</summary>
    public const int HalfBelow = 0x7FFF;

    /// <summary>Keeps a NaN one where its lower half is cut.</summary>
    private const int Quiet = 0x40_0000;

    private const int BelowOfDouble = 45;

    /// <summary>A number rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Round(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        int rounded = (bits + HalfBelow + ((bits >> 16) & 1)) & Kept;
        return BitConverter.Int32BitsToSingle((bits & int.MaxValue) > 0x7F80_0000 ? bits | Quiet : rounded);
    }

    /// <summary>A double rounded to as many bits; those that are small or large in single precision are not looked for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Round(double value)
    {
        const long Below = (1L << BelowOfDouble) - 1;
        long bits = BitConverter.DoubleToInt64Bits(value);
        return double.IsFinite(value)
            ? BitConverter.Int64BitsToDouble((bits + (Below >> 1) + ((bits >> BelowOfDouble) & 1)) & ~Below) : value;
    }
}
