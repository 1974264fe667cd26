using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>One float: the lane of loop remainders and of machines without vectors.</summary>
/// <param name="value">The number.</param>
public readonly struct Float1(float value) : ILane<Float1, Words1>, IMemoryLane<Float1>
{
    /// <summary>The number.</summary>
    public readonly float Value = value;

    /// <inheritdoc/>
    public static int Count => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Constant(float value) => new(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float1 Load(float* address) => new(*address);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(float* address, Float1 value) => *address = value.Value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 operator +(Float1 a, Float1 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 operator -(Float1 a, Float1 b) => new(a.Value - b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 operator *(Float1 a, Float1 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 operator /(Float1 a, Float1 b) => new(a.Value / b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 operator -(Float1 a) => new(-a.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Fma(Float1 a, Float1 b, Float1 c) => new(MathF.FusedMultiplyAdd(a.Value, b.Value, c.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Min(Float1 a, Float1 b) => a.Value < b.Value ? a : b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Max(Float1 a, Float1 b) => a.Value > b.Value ? a : b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Abs(Float1 a) => new(MathF.Abs(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Sqrt(Float1 a) => new(MathF.Sqrt(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Round(Float1 a) => new(MathF.Round(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 RoundToBFloat16(Float1 a) => new(BFloat16.Round(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Less(Float1 a, Float1 b) => new(a.Value < b.Value ? 1f : 0f);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 LessOrEqual(Float1 a, Float1 b) => new(a.Value <= b.Value ? 1f : 0f);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Equal(Float1 a, Float1 b) => new(a.Value == b.Value ? 1f : 0f);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 And(Float1 maskA, Float1 maskB) => new(maskA.Value * maskB.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Select(Float1 mask, Float1 whenTrue, Float1 whenFalse) => mask.Value != 0f ? whenTrue : whenFalse;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Scale(Float1 a, Float1 n) => new(a.Value * BitConverter.Int32BitsToSingle(((int)n.Value + 127) << 23));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(Float1 mask) => mask.Value != 0f;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Split(Float1 a, out Float1 exponent)
    {
        int bits = BitConverter.SingleToInt32Bits(a.Value), n = (bits - Elementary.TwoThirds) >> 23;
        exponent = new(n);
        return new(BitConverter.Int32BitsToSingle(bits - (n << 23)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Exp(Float1 a) => Elementary.Exp(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Log(Float1 a) => Elementary.Log(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 LogOfPositive(Float1 a) => Elementary.LogOfPositive(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Tanh(Float1 a) => Elementary.Tanh(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Sigmoid(Float1 a) => Elementary.Sigmoid(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 Erf(Float1 a, out Float1 complement) => GaussianIntegral.Erf(a, out complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 InverseErf(Float1 p, Float1 complement) => GaussianIntegral.InverseErf(p, complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 QuantileRatio(Float1 a, Float1 c) => GaussianIntegral.QuantileRatio(a, c);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 FromWords(Words1 words) => new(words.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float1 FromAnyWords(Words1 words) => new(words.Value);
}
