using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using PacGen.Core.Randomness;

namespace PacGen.Core.Lanes;

/// <summary>8 floats in a 256-bit vector.</summary>
/// <param name="value">The vector.</param>
public readonly struct Float8(Vector256<float> value) : ILane<Float8, Words8>, IMemoryLane<Float8>
{
    /// <summary>The vector.</summary>
    public readonly Vector256<float> Value = value;

    /// <inheritdoc/>
    public static int Count => 8;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Constant(float value) => new(Vector256.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float8 Load(float* address) => new(Vector256.Load(address));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(float* address, Float8 value) => value.Value.Store(address);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator +(Float8 a, Float8 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator -(Float8 a, Float8 b) => new(a.Value - b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator *(Float8 a, Float8 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator /(Float8 a, Float8 b) => new(a.Value / b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator -(Float8 a) => new(-a.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Fma(Float8 a, Float8 b, Float8 c) => new(Vector256.FusedMultiplyAdd(a.Value, b.Value, c.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Min(Float8 a, Float8 b) =>
        Avx.IsSupported ? new(Avx.Min(a.Value, b.Value)) : Select(Less(a, b), a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Max(Float8 a, Float8 b) =>
        Avx.IsSupported ? new(Avx.Max(a.Value, b.Value)) : Select(Less(b, a), a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Abs(Float8 a) => new(Vector256.Abs(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Sqrt(Float8 a) => new(Vector256.Sqrt(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Round(Float8 a) => new(Vector256.Round(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 RoundToBFloat16(Float8 a)
    {
        Vector256<int> bits = a.Value.AsInt32();
        Vector256<int> odd = Vector256.ShiftRightLogical(bits, 16) & Vector256<int>.One;
        Vector256<int> rounded = (bits + Vector256.Create(BFloat16.HalfBelow) + odd) & Vector256.Create(BFloat16.Kept);
        return new(Vector256.ConditionalSelect(Vector256.Equals(a.Value, a.Value), rounded.AsSingle(), a.Value));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Less(Float8 a, Float8 b) => new(Vector256.LessThan(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 LessOrEqual(Float8 a, Float8 b) => new(Vector256.LessThanOrEqual(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Equal(Float8 a, Float8 b) => new(Vector256.Equals(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 And(Float8 maskA, Float8 maskB) => new(maskA.Value & maskB.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Select(Float8 mask, Float8 whenTrue, Float8 whenFalse) =>
        // A mask has all bits of a place or none, so that its sign is enough.
        Avx.IsSupported
            ? new(Avx.BlendVariable(whenFalse.Value, whenTrue.Value, mask.Value))
            : new(Vector256.ConditionalSelect(mask.Value, whenTrue.Value, whenFalse.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Scale(Float8 a, Float8 n) =>
        a * new Float8(Vector256.ShiftLeft(Vector256.ConvertToInt32Native(n.Value) + Vector256.Create(127), 23).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(Float8 mask) => Vector256.ExtractMostSignificantBits(mask.Value) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Split(Float8 a, out Float8 exponent)
    {
        Vector256<int> bits = a.Value.AsInt32();
        Vector256<int> n = Vector256.ShiftRightArithmetic(bits - Vector256.Create(Elementary.TwoThirds), 23);
        exponent = new(Vector256.ConvertToSingle(n));
        return new((bits - Vector256.ShiftLeft(n, 23)).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Exp(Float8 a) => Elementary.Exp(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Log(Float8 a) => Elementary.Log(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 LogOfPositive(Float8 a) => Elementary.LogOfPositive(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Tanh(Float8 a) => Elementary.Tanh(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Sigmoid(Float8 a) => Elementary.Sigmoid(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Erf(Float8 a, out Float8 complement) => GaussianIntegral.Erf(a, out complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 InverseErf(Float8 p, Float8 complement) => GaussianIntegral.InverseErf(p, complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 QuantileRatio(Float8 a, Float8 c) => GaussianIntegral.QuantileRatio(a, c);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 FromWords(Words8 words) => new(Vector256.ConvertToSingle(words.Value.AsInt32()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 FromAnyWords(Words8 words) => Avx512F.VL.IsSupported
        ? new(Avx512F.VL.ConvertToVector256Single(words.Value)) : UniformSampler.FromHalves<Float8, Words8>(words);
}
