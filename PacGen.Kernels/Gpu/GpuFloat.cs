using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Kernels;

/// <summary>
/// One float of a GPU thread. Every operation gives the bits of <see cref="Float1"/> (of NaNs, that they are NaN), on CUDA, on
/// OpenCL devices with double precision and on the simulator. An OpenCL device without double precision divides and
/// takes roots to within 3 units in the last place, as its standard asks.
/// </summary>
/// <param name="value">The number.</param>
public readonly struct GpuFloat(float value) : ILane<GpuFloat, Words1>
{
    /// <summary>The number.</summary>
    public readonly float Value = value;

    /// <inheritdoc/>
    public static int Count => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Constant(float value) => new(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat operator +(GpuFloat a, GpuFloat b) => new(GpuArithmetic.Add(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat operator -(GpuFloat a, GpuFloat b) => new(GpuArithmetic.Subtract(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat operator *(GpuFloat a, GpuFloat b) => new(GpuArithmetic.Multiply(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat operator /(GpuFloat a, GpuFloat b) => new(GpuArithmetic.Divide(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat operator -(GpuFloat a) => new(-a.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Fma(GpuFloat a, GpuFloat b, GpuFloat c) => new(GpuArithmetic.MultiplyAdd(a.Value, b.Value, c.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Min(GpuFloat a, GpuFloat b) => Select(Less(a, b), a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Max(GpuFloat a, GpuFloat b) => Select(Less(b, a), a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Abs(GpuFloat a) => new(MathF.Abs(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Sqrt(GpuFloat a) => new(GpuArithmetic.SquareRoot(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Round(GpuFloat a) => new(GpuArithmetic.Round(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat RoundToBFloat16(GpuFloat a) => new(BFloat16.Round(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Less(GpuFloat a, GpuFloat b) => new(GpuArithmetic.Less(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat LessOrEqual(GpuFloat a, GpuFloat b) => new(GpuArithmetic.LessOrEqual(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Equal(GpuFloat a, GpuFloat b) => new(GpuArithmetic.Equal(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat And(GpuFloat maskA, GpuFloat maskB) => Select(maskA, maskB, new(0f));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Select(GpuFloat mask, GpuFloat whenTrue, GpuFloat whenFalse) =>
        new(mask.Value == 1f ? whenTrue.Value : whenFalse.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Scale(GpuFloat a, GpuFloat n) =>
        new(GpuArithmetic.Multiply(a.Value, BitConverter.Int32BitsToSingle(((int)n.Value + 127) << 23)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(GpuFloat mask) => mask.Value == 1f;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Split(GpuFloat a, out GpuFloat exponent)
    {
        int bits = BitConverter.SingleToInt32Bits(a.Value), n = (bits - Elementary.TwoThirds) >> 23;
        exponent = new(n);
        return new(BitConverter.Int32BitsToSingle(bits - (n << 23)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Exp(GpuFloat a) => Elementary.Exp(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Log(GpuFloat a) => Elementary.Log(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat LogOfPositive(GpuFloat a) => Elementary.LogOfPositive(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Tanh(GpuFloat a) => Elementary.Tanh(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Sigmoid(GpuFloat a) => Elementary.Sigmoid(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat Erf(GpuFloat a, out GpuFloat complement) => GaussianIntegral.Erf(a, out complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat InverseErf(GpuFloat p, GpuFloat complement) => GaussianIntegral.InverseErf(p, complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat QuantileRatio(GpuFloat a, GpuFloat c) => GaussianIntegral.QuantileRatio(a, c);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat FromWords(Words1 words) => new((int)words.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat FromAnyWords(Words1 words) => UniformSampler.FromHalves<GpuFloat, Words1>(words);
}
