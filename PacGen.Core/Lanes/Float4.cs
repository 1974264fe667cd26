using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using PacGen.Core.Randomness;

namespace PacGen.Core.Lanes;

/// <summary>4 floats in a 128-bit vector.</summary>
/// <param name="value">The vector.</param>
public readonly struct Float4(Vector128<float> value) : ILane<Float4, Words4>, IMemoryLane<Float4>
{
    /// <summary>The vector.</summary>
    public readonly Vector128<float> Value = value;

    /// <inheritdoc/>
    public static int Count => 4;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Constant(float value) => new(Vector128.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float4 Load(float* address) => new(Vector128.Load(address));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(float* address, Float4 value) => value.Value.Store(address);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 operator +(Float4 a, Float4 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 operator -(Float4 a, Float4 b) => new(a.Value - b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 operator *(Float4 a, Float4 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 operator /(Float4 a, Float4 b) => new(a.Value / b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 operator -(Float4 a) => new(-a.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Fma(Float4 a, Float4 b, Float4 c) => new(Vector128.FusedMultiplyAdd(a.Value, b.Value, c.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Min(Float4 a, Float4 b) =>
        Sse.IsSupported ? new(Sse.Min(a.Value, b.Value)) : Select(Less(a, b), a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Max(Float4 a, Float4 b) =>
        Sse.IsSupported ? new(Sse.Max(a.Value, b.Value)) : Select(Less(b, a), a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Abs(Float4 a) => new(Vector128.Abs(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Sqrt(Float4 a) => new(Vector128.Sqrt(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Round(Float4 a) => new(Vector128.Round(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 RoundToBFloat16(Float4 a)
    {
        Vector128<int> bits = a.Value.AsInt32();
        Vector128<int> odd = Vector128.ShiftRightLogical(bits, 16) & Vector128<int>.One;
        Vector128<int> rounded = (bits + Vector128.Create(BFloat16.HalfBelow) + odd) & Vector128.Create(BFloat16.Kept);
        return new(Vector128.ConditionalSelect(Vector128.Equals(a.Value, a.Value), rounded.AsSingle(), a.Value));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Less(Float4 a, Float4 b) => new(Vector128.LessThan(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 LessOrEqual(Float4 a, Float4 b) => new(Vector128.LessThanOrEqual(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Equal(Float4 a, Float4 b) => new(Vector128.Equals(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 And(Float4 maskA, Float4 maskB) => new(maskA.Value & maskB.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Select(Float4 mask, Float4 whenTrue, Float4 whenFalse) =>
        new(Vector128.ConditionalSelect(mask.Value, whenTrue.Value, whenFalse.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Scale(Float4 a, Float4 n) =>
        a * new Float4(Vector128.ShiftLeft(Vector128.ConvertToInt32Native(n.Value) + Vector128.Create(127), 23).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(Float4 mask) => Vector128.ExtractMostSignificantBits(mask.Value) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Split(Float4 a, out Float4 exponent)
    {
        Vector128<int> bits = a.Value.AsInt32();
        Vector128<int> n = Vector128.ShiftRightArithmetic(bits - Vector128.Create(Elementary.TwoThirds), 23);
        exponent = new(Vector128.ConvertToSingle(n));
        return new((bits - Vector128.ShiftLeft(n, 23)).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Exp(Float4 a) => Elementary.Exp(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Log(Float4 a) => Elementary.Log(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 LogOfPositive(Float4 a) => Elementary.LogOfPositive(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Tanh(Float4 a) => Elementary.Tanh(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Sigmoid(Float4 a) => Elementary.Sigmoid(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Erf(Float4 a, out Float4 complement) => GaussianIntegral.Erf(a, out complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 InverseErf(Float4 p, Float4 complement) => GaussianIntegral.InverseErf(p, complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 QuantileRatio(Float4 a, Float4 c) => GaussianIntegral.QuantileRatio(a, c);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 FromWords(Words4 words) => new(Vector128.ConvertToSingle(words.Value.AsInt32()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 FromAnyWords(Words4 words) => Avx512F.VL.IsSupported
        ? new(Avx512F.VL.ConvertToVector128Single(words.Value)) : UniformSampler.FromHalves<Float4, Words4>(words);
}
