using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using PacGen.Core.Randomness;

namespace PacGen.Core.Lanes;

/// <summary>16 floats in a 512-bit vector.</summary>
/// <param name="value">The vector.</param>
public readonly struct Float16(Vector512<float> value) : ILane<Float16, Words16>, IMemoryLane<Float16>
{
    /// <summary>The vector.</summary>
    public readonly Vector512<float> Value = value;

    /// <inheritdoc/>
    public static int Count => 16;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Constant(float value) => new(Vector512.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float16 Load(float* address) => new(Vector512.Load(address));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(float* address, Float16 value) => value.Value.Store(address);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 operator +(Float16 a, Float16 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 operator -(Float16 a, Float16 b) => new(a.Value - b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 operator *(Float16 a, Float16 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 operator /(Float16 a, Float16 b) => new(a.Value / b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 operator -(Float16 a) => new(-a.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Fma(Float16 a, Float16 b, Float16 c) => new(Vector512.FusedMultiplyAdd(a.Value, b.Value, c.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Min(Float16 a, Float16 b) =>
        Avx512F.IsSupported ? new(Avx512F.Min(a.Value, b.Value)) : Select(Less(a, b), a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Max(Float16 a, Float16 b) =>
        Avx512F.IsSupported ? new(Avx512F.Max(a.Value, b.Value)) : Select(Less(b, a), a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Abs(Float16 a) => new(Vector512.Abs(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Sqrt(Float16 a) => new(Vector512.Sqrt(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Round(Float16 a) => new(Vector512.Round(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 RoundToBFloat16(Float16 a)
    {
        Vector512<int> bits = a.Value.AsInt32();
        Vector512<int> odd = Vector512.ShiftRightLogical(bits, 16) & Vector512<int>.One;
        Vector512<int> rounded = (bits + Vector512.Create(BFloat16.HalfBelow) + odd) & Vector512.Create(BFloat16.Kept);
        return new(Vector512.ConditionalSelect(Vector512.Equals(a.Value, a.Value), rounded.AsSingle(), a.Value));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Less(Float16 a, Float16 b) => new(Vector512.LessThan(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 LessOrEqual(Float16 a, Float16 b) => new(Vector512.LessThanOrEqual(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Equal(Float16 a, Float16 b) => new(Vector512.Equals(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 And(Float16 maskA, Float16 maskB) => new(maskA.Value & maskB.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Select(Float16 mask, Float16 whenTrue, Float16 whenFalse) =>
        new(Vector512.ConditionalSelect(mask.Value, whenTrue.Value, whenFalse.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Scale(Float16 a, Float16 n) =>
        a * new Float16(Vector512.ShiftLeft(Vector512.ConvertToInt32Native(n.Value) + Vector512.Create(127), 23).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(Float16 mask) => Vector512.ExtractMostSignificantBits(mask.Value) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Split(Float16 a, out Float16 exponent)
    {
        Vector512<int> bits = a.Value.AsInt32();
        Vector512<int> n = Vector512.ShiftRightArithmetic(bits - Vector512.Create(Elementary.TwoThirds), 23);
        exponent = new(Vector512.ConvertToSingle(n));
        return new((bits - Vector512.ShiftLeft(n, 23)).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Exp(Float16 a) => Elementary.Exp(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Log(Float16 a) => Elementary.Log(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 LogOfPositive(Float16 a) => Elementary.LogOfPositive(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Tanh(Float16 a) => Elementary.Tanh(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Sigmoid(Float16 a) => Elementary.Sigmoid(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 Erf(Float16 a, out Float16 complement) => GaussianIntegral.Erf(a, out complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 InverseErf(Float16 p, Float16 complement) => GaussianIntegral.InverseErf(p, complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 QuantileRatio(Float16 a, Float16 c) => GaussianIntegral.QuantileRatio(a, c);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 FromWords(Words16 words) => new(Vector512.ConvertToSingle(words.Value.AsInt32()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float16 FromAnyWords(Words16 words) => Avx512F.IsSupported
        ? new(Avx512F.ConvertToVector512Single(words.Value)) : UniformSampler.FromHalves<Float16, Words16>(words);
}
