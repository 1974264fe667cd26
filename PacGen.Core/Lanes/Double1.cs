using System.Runtime.CompilerServices;
using MathNet.Numerics;

namespace PacGen.Core.Lanes;

/// <summary>One double: the lane of the reference. Its functions are the runtime's, not the float lanes' polynomials.</summary>
/// <param name="value">The number.</param>
public readonly struct Double1(double value) : ILane<Double1, Words1>
{
    /// <summary>The number.</summary>
    public readonly double Value = value;

    /// <inheritdoc/>
    public static int Count => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Constant(float value) => new(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 operator +(Double1 a, Double1 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 operator -(Double1 a, Double1 b) => new(a.Value - b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 operator *(Double1 a, Double1 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 operator /(Double1 a, Double1 b) => new(a.Value / b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 operator -(Double1 a) => new(-a.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Fma(Double1 a, Double1 b, Double1 c) => new(Math.FusedMultiplyAdd(a.Value, b.Value, c.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Min(Double1 a, Double1 b) => a.Value < b.Value ? a : b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Max(Double1 a, Double1 b) => a.Value > b.Value ? a : b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Abs(Double1 a) => new(Math.Abs(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Sqrt(Double1 a) => new(Math.Sqrt(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Round(Double1 a) => new(Math.Round(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 RoundToBFloat16(Double1 a) => new(BFloat16.Round(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Less(Double1 a, Double1 b) => new(a.Value < b.Value ? 1d : 0d);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 LessOrEqual(Double1 a, Double1 b) => new(a.Value <= b.Value ? 1d : 0d);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Equal(Double1 a, Double1 b) => new(a.Value == b.Value ? 1d : 0d);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 And(Double1 maskA, Double1 maskB) => new(maskA.Value * maskB.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Select(Double1 mask, Double1 whenTrue, Double1 whenFalse) => mask.Value != 0d ? whenTrue : whenFalse;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Scale(Double1 a, Double1 n) => new(Math.ScaleB(a.Value, (int)n.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(Double1 mask) => mask.Value != 0d;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Split(Double1 a, out Double1 exponent)
    {
        int n = Math.ILogB(a.Value * 1.5);
        exponent = new(n);
        return new(Math.ScaleB(a.Value, -n));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Exp(Double1 a) => new(Math.Exp(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Log(Double1 a) => new(Math.Log(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 LogOfPositive(Double1 a) => new(Math.Log(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Tanh(Double1 a) => new(Math.Tanh(a.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Sigmoid(Double1 a) => new(1 / (1 + Math.Exp(-a.Value)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 Erf(Double1 a, out Double1 complement)
    {
        complement = new(SpecialFunctions.Erfc(a.Value));
        return new(SpecialFunctions.Erf(a.Value));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 InverseErf(Double1 p, Double1 complement) =>
        new(p.Value < 0.5 ? SpecialFunctions.ErfInv(p.Value) : SpecialFunctions.ErfcInv(complement.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 QuantileRatio(Double1 a, Double1 c)
    {
        double integral = SpecialFunctions.Erf(c.Value), p = a.Value * integral;
        return new(
            c.Value == 0 ? 1
            : p == 0 ? integral / c.Value * (Math.Sqrt(Math.PI) / 2)
            : SpecialFunctions.ErfInv(p) / (a.Value * c.Value));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 FromWords(Words1 words) => new(words.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double1 FromAnyWords(Words1 words) => new(words.Value);
}
