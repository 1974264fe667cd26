using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PacGen.Tests.CudaEmulator;

internal readonly struct Sum<T> : IBinary<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => a + b;
}

internal readonly struct Difference<T> : IBinary<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => a - b;
}

internal readonly struct Product<T> : IBinary<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => a * b;
}

internal readonly struct Quotient<T> : IBinary<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => a / b;
}

/// <summary>
/// Of 32-bit integers, through doubles, whose quotient is exact to its integer part. Any integer by 0 is all ones, as on NVIDIA's
/// GPUs; the ISA leaves it open.
/// </summary>
internal readonly struct QuotientSigned : IBinary<int>
{
    public static Vector512<int> Of(Vector512<int> a, Vector512<int> b)
    {
        (Vector512<long> lowA, Vector512<long> highA) = Vector512.Widen(a);
        (Vector512<long> lowB, Vector512<long> highB) = Vector512.Widen(b);
        return Vector512.Narrow(IntegerLanes.Divide(lowA, lowB), IntegerLanes.Divide(highA, highB));
    }
}

internal readonly struct QuotientUnsigned : IBinary<uint>
{
    public static Vector512<uint> Of(Vector512<uint> a, Vector512<uint> b)
    {
        (Vector512<ulong> lowA, Vector512<ulong> highA) = Vector512.Widen(a);
        (Vector512<ulong> lowB, Vector512<ulong> highB) = Vector512.Widen(b);
        return Vector512.Narrow(
            IntegerLanes.Divide(lowA.AsInt64(), lowB.AsInt64()),
            IntegerLanes.Divide(highA.AsInt64(), highB.AsInt64())).AsUInt32();
    }
}

/// <summary>The remainder by 0 is the dividend.</summary>
internal readonly struct RemainderSigned : IBinary<int>
{
    public static Vector512<int> Of(Vector512<int> a, Vector512<int> b) =>
        a - (Vector512.AndNot(QuotientSigned.Of(a, b), Vector512.Equals(b, Vector512<int>.Zero)) * b);
}

internal readonly struct RemainderUnsigned : IBinary<uint>
{
    public static Vector512<uint> Of(Vector512<uint> a, Vector512<uint> b) =>
        a - (Vector512.AndNot(QuotientUnsigned.Of(a, b), Vector512.Equals(b, Vector512<uint>.Zero)) * b);
}

internal readonly struct BitAnd<T> : IBinary<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => a & b;
}

internal readonly struct BitOr<T> : IBinary<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => a | b;
}

internal readonly struct BitXor<T> : IBinary<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => a ^ b;
}

internal readonly struct Least<T> : IBinary<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => Vector512.Min(a, b);
}

internal readonly struct Greatest<T> : IBinary<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => Vector512.Max(a, b);
}

internal readonly struct BitNot<T> : IUnary<T>
{
    public static Vector512<T> Of(Vector512<T> a) => ~a;
}

internal readonly struct Negation<T> : IUnary<T>
{
    public static Vector512<T> Of(Vector512<T> a) => -a;
}

internal readonly struct Magnitude<T> : IUnary<T>
{
    public static Vector512<T> Of(Vector512<T> a) => Vector512.Abs(a);
}

internal readonly struct SquareRoot<T> : IUnary<T>
{
    public static Vector512<T> Of(Vector512<T> a) => Vector512.Sqrt(a);
}

internal readonly struct Same<T> : IUnary<T>
{
    public static Vector512<T> Of(Vector512<T> a) => a;
}

/// <summary>To the next integer, ties to even.</summary>
internal readonly struct Nearest : IUnary<float>
{
    public static Vector512<float> Of(Vector512<float> a) => Vector512.Round(a, MidpointRounding.ToEven);
}

internal readonly struct Truncated : IUnary<float>
{
    public static Vector512<float> Of(Vector512<float> a) => Vector512.Truncate(a);
}

internal readonly struct Lower : IUnary<float>
{
    public static Vector512<float> Of(Vector512<float> a) => Vector512.Floor(a);
}

internal readonly struct Upper : IUnary<float>
{
    public static Vector512<float> Of(Vector512<float> a) => Vector512.Ceiling(a);
}

/// <summary>1/x, correctly rounded.</summary>
internal readonly struct Reciprocal<T> : IUnary<T>
    where T : INumberBase<T>
{
    public static Vector512<T> Of(Vector512<T> a) => Vector512<T>.One / a;
}

/// <summary>Single precision's operations give one NaN, 0x7fffffff, whatever NaN they are given.</summary>
internal readonly struct Canonical<TOperation> : IUnary<float>
    where TOperation : IUnary<float>
{
    public static Vector512<float> Of(Vector512<float> a) => Single.Canonical(TOperation.Of(a));
}

internal readonly struct Canonical2<TOperation> : IBinary<float>
    where TOperation : IBinary<float>
{
    public static Vector512<float> Of(Vector512<float> a, Vector512<float> b) => Single.Canonical(TOperation.Of(a, b));
}

/// <summary>The modifier .ftz: subnormal arguments and results are zeros of their sign.</summary>
internal readonly struct Flushed<TOperation> : IUnary<float>
    where TOperation : IUnary<float>
{
    public static Vector512<float> Of(Vector512<float> a) => Single.Flush(TOperation.Of(Single.Flush(a)));
}

internal readonly struct Flushed2<TOperation> : IBinary<float>
    where TOperation : IBinary<float>
{
    public static Vector512<float> Of(Vector512<float> a, Vector512<float> b) =>
        Single.Flush(TOperation.Of(Single.Flush(a), Single.Flush(b)));
}

/// <summary>PTX: the smaller of the two, the number where one is NaN, −0 below +0.</summary>
internal readonly struct SingleLeast : IBinary<float>
{
    public static Vector512<float> Of(Vector512<float> a, Vector512<float> b) =>
        Vector512.ConditionalSelect(
            Vector512.Equals(a, a), Vector512.ConditionalSelect(Vector512.Equals(b, b), Vector512.Min(a, b), a), b);
}

internal readonly struct SingleGreatest : IBinary<float>
{
    public static Vector512<float> Of(Vector512<float> a, Vector512<float> b) =>
        Vector512.ConditionalSelect(
            Vector512.Equals(a, a), Vector512.ConditionalSelect(Vector512.Equals(b, b), Vector512.Max(a, b), a), b);
}

internal readonly struct FusedSingle : ITernary<float>
{
    public static Vector512<float> Of(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Single.Canonical(Vector512.FusedMultiplyAdd(a, b, c));
}

internal readonly struct FlushedFusedSingle : ITernary<float>
{
    public static Vector512<float> Of(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Single.Flush(FusedSingle.Of(Single.Flush(a), Single.Flush(b), Single.Flush(c)));
}

internal readonly struct FusedDouble : ITernary<double>
{
    public static Vector512<double> Of(Vector512<double> a, Vector512<double> b, Vector512<double> c) =>
        Vector512.FusedMultiplyAdd(a, b, c);
}

/// <summary>The lower half of a · b, plus c.</summary>
internal readonly struct ProductSum<T> : ITernary<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b, Vector512<T> c) => (a * b) + c;
}

internal readonly struct Equal<T> : ICompare<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => Vector512.Equals(a, b);
}

internal readonly struct Unequal<T> : ICompare<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => ~Vector512.Equals(a, b);
}

internal readonly struct Less<T> : ICompare<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => Vector512.LessThan(a, b);
}

internal readonly struct LessOrEqual<T> : ICompare<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => Vector512.LessThanOrEqual(a, b);
}

internal readonly struct Greater<T> : ICompare<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => Vector512.GreaterThan(a, b);
}

internal readonly struct GreaterOrEqual<T> : ICompare<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => Vector512.GreaterThanOrEqual(a, b);
}

/// <summary>Both are numbers.</summary>
internal readonly struct Numbers<T> : ICompare<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => Vector512.Equals(a, a) & Vector512.Equals(b, b);
}

/// <summary>One is NaN.</summary>
internal readonly struct Unordered<T> : ICompare<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => ~Numbers<T>.Of(a, b);
}

/// <summary>A comparison that holds where one is NaN, too: ltu and its like.</summary>
internal readonly struct OrUnordered<T, TCompare> : ICompare<T>
    where TCompare : ICompare<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => TCompare.Of(a, b) | Unordered<T>.Of(a, b);
}

/// <summary>A comparison of floats that doesn't hold where one is NaN: ne.</summary>
internal readonly struct Ordered<T, TCompare> : ICompare<T>
    where TCompare : ICompare<T>
{
    public static Vector512<T> Of(Vector512<T> a, Vector512<T> b) => TCompare.Of(a, b) & Numbers<T>.Of(a, b);
}

/// <summary>Left by any amount: 32 and more leave nothing.</summary>
internal readonly struct ShiftLeft : IBinary<uint>
{
    public static Vector512<uint> Of(Vector512<uint> a, Vector512<uint> b) => Avx512F.IsSupported
        ? Avx512F.ShiftLeftLogicalVariable(a, b)
        : Vector512.Create(
            Avx2.ShiftLeftLogicalVariable(a.GetLower(), b.GetLower()), Avx2.ShiftLeftLogicalVariable(a.GetUpper(), b.GetUpper()));
}

internal readonly struct ShiftRight : IBinary<uint>
{
    public static Vector512<uint> Of(Vector512<uint> a, Vector512<uint> b) => Avx512F.IsSupported
        ? Avx512F.ShiftRightLogicalVariable(a, b)
        : Vector512.Create(
            Avx2.ShiftRightLogicalVariable(a.GetLower(), b.GetLower()),
            Avx2.ShiftRightLogicalVariable(a.GetUpper(), b.GetUpper()));
}

/// <summary>Right by any amount: 32 and more leave the sign.</summary>
internal readonly struct ShiftRightSigned : IBinary<int>
{
    public static Vector512<int> Of(Vector512<int> a, Vector512<int> b) => Avx512F.IsSupported
        ? Avx512F.ShiftRightArithmeticVariable(a, b.AsUInt32())
        : Vector512.Create(
            Avx2.ShiftRightArithmeticVariable(a.GetLower(), b.GetLower().AsUInt32()),
            Avx2.ShiftRightArithmeticVariable(a.GetUpper(), b.GetUpper().AsUInt32()));
}

/// <summary>Lanes of single precision.</summary>
internal static class Single
{
    public static Vector512<float> Canonical(Vector512<float> value) =>
        Vector512.ConditionalSelect(Vector512.Equals(value, value), value, Vector512.Create(0x7FFFFFFF).AsSingle());

    public static Vector512<float> Flush(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32();
        Vector512<uint> exponent = bits & Vector512.Create(0x7F800000u);
        return Vector512.ConditionalSelect(
            Vector512.Equals(exponent, Vector512<uint>.Zero), bits & Vector512.Create(0x80000000u), bits).AsSingle();
    }
}

/// <summary>Lanes of integers.</summary>
internal static class IntegerLanes
{
    /// <summary>Quotients of integers of 32 bits.</summary>
    public static Vector512<long> Divide(Vector512<long> a, Vector512<long> b)
    {
        Vector512<long> zero = Vector512.Equals(b, Vector512<long>.Zero);
        Vector512<double> quotient = Vector512.ConvertToDouble(a) / Vector512.ConvertToDouble(b - zero);
        return Vector512.ConvertToInt64(Vector512.Truncate(quotient)) | zero;
    }
}
