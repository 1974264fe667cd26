using System.Runtime.CompilerServices;

namespace PacGen.Benchmarks.Figures.Landscape;

/// <summary>
/// A function of (w₁, w₂) to second order: its value, gradient and Hessian at one point (forward-mode differentiation).
/// </summary>
/// <param name="Value">f.</param>
/// <param name="D1">∂f/∂w₁.</param>
/// <param name="D2">∂f/∂w₂.</param>
/// <param name="D11">∂²f/∂w₁².</param>
/// <param name="D12">∂²f/∂w₁∂w₂.</param>
/// <param name="D22">∂²f/∂w₂².</param>
internal readonly record struct Jet(double Value, double D1 = 0, double D2 = 0, double D11 = 0, double D12 = 0, double D22 = 0)
{
    /// <summary>The length of the gradient.</summary>
    public double GradientNorm => Math.Sqrt((D1 * D1) + (D2 * D2));

    /// <summary>The Hessian's eigenvalues, the smaller first.</summary>
    public (double Least, double Largest) Eigenvalues
    {
        get
        {
            double mean = (D11 + D22) / 2, half = (D11 - D22) / 2, radius = Math.Sqrt((half * half) + (D12 * D12));
            return (mean - radius, mean + radius);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Jet operator -(Jet a) => new(-a.Value, -a.D1, -a.D2, -a.D11, -a.D12, -a.D22);

    /// <summary>w₁a + w₂b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Jet Row(double w1, double w2, in Jet a, in Jet b) => new(
        (w1 * a.Value) + (w2 * b.Value),
        (w1 * a.D1) + (w2 * b.D1) + a.Value,
        (w1 * a.D2) + (w2 * b.D2) + b.Value,
        (w1 * a.D11) + (w2 * b.D11) + (2 * a.D1),
        (w1 * a.D12) + (w2 * b.D12) + a.D2 + b.D1,
        (w1 * a.D22) + (w2 * b.D22) + (2 * b.D2));

    /// <summary>1/(1 + e⁻ᶻ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Jet Sigmoid(in Jet z)
    {
        double s = 1 / (1 + Math.Exp(-z.Value)), first = s * (1 - s), second = first * (1 - (2 * s));
        return new(
            s,
            first * z.D1,
            first * z.D2,
            (first * z.D11) + (second * z.D1 * z.D1),
            (first * z.D12) + (second * z.D1 * z.D2),
            (first * z.D22) + (second * z.D2 * z.D2));
    }
}
