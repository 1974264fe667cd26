using System.Numerics;
using System.Runtime.CompilerServices;

namespace PacGen.Tests.CudaEmulator;

// Operations that are computed lane by lane.

/// <summary>Any integer by 0 is all ones, as on NVIDIA's GPUs; the ISA leaves it open.</summary>
internal readonly struct IntegerQuotient<T> : IScalar2<T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b) => b == T.Zero ? T.AllBitsSet
        : T.IsNegative(b) && b == T.AllBitsSet ? T.Zero - a : a / b;
}

internal readonly struct Remainder<T> : IScalar2<T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b) => b == T.Zero ? a : T.IsNegative(b) && b == T.AllBitsSet ? T.Zero : a % b;
}

internal readonly struct WideProduct : IScalar2<int, int, long>
{
    public static long Of(int a, int b) => (long)a * b;
}

internal readonly struct HighProduct : IScalar2<int, int, int>
{
    public static int Of(int a, int b) => (int)(((long)a * b) >> 32);
}

internal readonly struct HighProductUnsigned : IScalar2<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => (uint)(((ulong)a * b) >> 32);
}

internal readonly struct HighProductLong : IScalar2<long, long, long>
{
    public static long Of(long a, long b) => Math.BigMul(a, b, out _);
}

internal readonly struct HighProductULong : IScalar2<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => Math.BigMul(a, b, out _);
}

internal readonly struct WideProductSum : IScalar3<int, int, long, long>
{
    public static long Of(int a, int b, long c) => ((long)a * b) + c;
}

internal readonly struct WideProductSumUnsigned : IScalar3<uint, uint, ulong, ulong>
{
    public static ulong Of(uint a, uint b, ulong c) => ((ulong)a * b) + c;
}

internal readonly struct HighProductSum : IScalar3<int, int, int, int>
{
    public static int Of(int a, int b, int c) => HighProduct.Of(a, b) + c;
}

internal readonly struct HighProductSumUnsigned : IScalar3<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint c) => HighProductUnsigned.Of(a, b) + c;
}

internal readonly struct ShiftLeftLong : IScalar2<ulong, uint, ulong>
{
    public static ulong Of(ulong a, uint b) => b > 63 ? 0 : a << (int)b;
}

internal readonly struct ShiftRightLong : IScalar2<ulong, uint, ulong>
{
    public static ulong Of(ulong a, uint b) => b > 63 ? 0 : a >> (int)b;
}

internal readonly struct ShiftRightLongSigned : IScalar2<long, uint, long>
{
    public static long Of(long a, uint b) => a >> (int)Math.Min(b, 63);
}

internal readonly struct Ones<T> : IScalar<T, uint>
    where T : IBinaryInteger<T>
{
    public static uint Of(T a) => uint.CreateTruncating(T.PopCount(a));
}

internal readonly struct LeadingZeros<T> : IScalar<T, uint>
    where T : IBinaryInteger<T>
{
    public static uint Of(T a) => uint.CreateTruncating(T.LeadingZeroCount(a));
}

internal readonly struct Reversed : IScalar<uint, uint>
{
    public static uint Of(uint a)
    {
        uint result = 0;
        for (int bit = 0; bit < 32; bit++)
        {
            result |= ((a >> bit) & 1) << (31 - bit);
        }

        return result;
    }
}

/// <summary>bfe: len bits from pos on, with the sign where the type has one.</summary>
internal readonly struct Extract : IScalar3<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint position, uint length)
    {
        int p = (int)(position & 255), n = (int)(length & 255);
        return p > 31 || n == 0 ? 0 : (a >> p) & (n > 31 ? uint.MaxValue : (1u << n) - 1);
    }
}

internal readonly struct ExtractSigned : IScalar3<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint position, uint length)
    {
        int p = (int)(position & 255), n = (int)(length & 255);
        uint result = 0, sign = n == 0 ? 0 : (a >> Math.Min(p + n - 1, 31)) & 1;
        for (int bit = 0; bit < 32; bit++)
        {
            result |= (bit < n && p + bit <= 31 ? (a >> (p + bit)) & 1 : sign) << bit;
        }

        return result;
    }
}

/// <summary>
/// prmt: each nibble of the selector chooses one byte of the pair (b, a), or with its high bit that byte's sign.
/// </summary>
internal readonly struct Permute : IScalar3<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint selector)
    {
        ulong bytes = ((ulong)b << 32) | a;
        uint result = 0;
        for (int i = 0; i < 4; i++)
        {
            uint chosen = (selector >> (4 * i)) & 15, value = (uint)(bytes >> (8 * (int)(chosen & 7))) & 255;
            result |= ((chosen & 8) != 0 ? (value & 128) != 0 ? 255u : 0 : value) << (8 * i);
        }

        return result;
    }
}

/// <summary>To bfloat16, ties to even; NaN is 0x7fff.</summary>
internal readonly struct PackPair : IScalar2<float, float, uint>
{
    /// <summary>The first argument is the upper half.</summary>
    public static uint Of(float a, float b) => ((uint)Half(a) << 16) | Half(b);

    public static ushort Half(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7FFF : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}

internal readonly struct ToBFloat16 : IScalar<float, uint>
{
    public static uint Of(float a) => PackPair.Half(a);
}

internal readonly struct FromBFloat16 : IScalar<uint, float>
{
    public static float Of(uint a) => BitConverter.UInt32BitsToSingle(a << 16);
}

/// <summary>To TF32's ten bits, ties away from zero; the other bits are zeros.</summary>
internal readonly struct ToTf32 : IScalar<float, uint>
{
    public static uint Of(float a)
    {
        uint bits = BitConverter.SingleToUInt32Bits(a);
        return float.IsNaN(a) ? 0x7FFFFFFF : float.IsInfinity(a) ? bits : (bits + 0x1000) & ~0x1FFFu;
    }
}

/// <summary>
/// Between the types of numbers, by the language's own conversions, which round to nearest and, to integers, saturate.
/// </summary>
internal readonly struct Converted<TIn, TOut> : IScalar<TIn, TOut>
    where TIn : INumberBase<TIn>
    where TOut : INumberBase<TOut>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TOut Of(TIn a) => TOut.CreateTruncating(a);
}

/// <summary>A rounding to an integer, in the modifiers' order: rni, rzi, rmi, rpi.</summary>
internal interface IRounding
{
    static abstract double Of(double value);
}

internal readonly struct RoundNearest : IRounding
{
    public static double Of(double value) => Math.Round(value, MidpointRounding.ToEven);
}

internal readonly struct RoundToZero : IRounding
{
    public static double Of(double value) => Math.Truncate(value);
}

internal readonly struct RoundDown : IRounding
{
    public static double Of(double value) => Math.Floor(value);
}

internal readonly struct RoundUp : IRounding
{
    public static double Of(double value) => Math.Ceiling(value);
}

/// <summary>A float or a double to an integer: rounded, then saturated; NaN is 0.</summary>
internal readonly struct ToInteger<TIn, TOut, TRounding> : IScalar<TIn, TOut>
    where TIn : IBinaryFloatingPointIeee754<TIn>
    where TOut : IBinaryInteger<TOut>
    where TRounding : IRounding
{
    public static TOut Of(TIn a) => TIn.IsNaN(a) ? TOut.Zero : TOut.CreateSaturating(TRounding.Of(double.CreateTruncating(a)));
}

// The approximations: what double precision gives, rounded once, is within the errors that the ISA allows for each (ex2 and lg2:
// 2 units in the last place and 2^-22, rcp: 1, sin and cos: 2^-20.5, tanh: 2^-11).

internal readonly struct PowerOfTwo : IScalar<float, float>
{
    public static float Of(float a) => (float)Math.Pow(2, a);
}

internal readonly struct BinaryLogarithm : IScalar<float, float>
{
    public static float Of(float a) => (float)Math.Log2(a);
}

internal readonly struct Sine : IScalar<float, float>
{
    public static float Of(float a) => (float)Math.Sin(a);
}

internal readonly struct Cosine : IScalar<float, float>
{
    public static float Of(float a) => (float)Math.Cos(a);
}

internal readonly struct HyperbolicTangent : IScalar<float, float>
{
    public static float Of(float a) => (float)Math.Tanh(a);
}

internal readonly struct ReciprocalRoot : IScalar<float, float>
{
    public static float Of(float a) => (float)(1 / Math.Sqrt(a));
}

internal readonly struct FlushedScalar<TOperation> : IScalar<float, float>
    where TOperation : IScalar<float, float>
{
    public static float Of(float a) => Flush(TOperation.Of(Flush(a)));

    private static float Flush(float value) => float.IsSubnormal(value) ? float.CopySign(0, value) : value;
}

internal readonly struct LeastNumber : IScalar2<double, double, double>
{
    public static double Of(double a, double b) => double.MinNumber(a, b);
}

internal readonly struct GreatestNumber : IScalar2<double, double, double>
{
    public static double Of(double a, double b) => double.MaxNumber(a, b);
}

/// <summary>An integer of one width and sign to another: truncated, or extended by its own sign.</summary>
internal readonly struct Cast<TSlot, TFrom, TTo, TOut> : IScalar<TSlot, TOut>
    where TSlot : IBinaryInteger<TSlot>
    where TFrom : IBinaryInteger<TFrom>
    where TTo : IBinaryInteger<TTo>
    where TOut : IBinaryInteger<TOut>
{
    public static TOut Of(TSlot a) => TOut.CreateTruncating(TTo.CreateTruncating(TFrom.CreateTruncating(a)));
}
