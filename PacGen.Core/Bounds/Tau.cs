using System.Globalization;

namespace PacGen.Core.Bounds;

/// <summary>τ of the uniform prior U(−τᵢ, τᵢ): τᵢ = Value + Factor·(|wᵢ| + κᵢ).</summary>
/// <param name="Value">The part that is the same for all parameters.</param>
/// <param name="Factor">
/// How many times |w| + κ is added. Above 0 the prior is read off the trained weights, as in (24): then nothing is a bound, and
/// results are scores.
/// </param>
public readonly record struct Tau(double Value, double Factor)
{
    /// <summary>τ and its factor.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"τ {Value:G6}, factor {Factor:G6}");

    /// <summary>Whether τ is read off the trained weights.</summary>
    public bool FromWeights => Factor != 0;

    /// <summary>The same τ for all parameters (footnote 3), chosen before the sample was seen.</summary>
    /// <param name="value">τ, above 0: at least |wᵢ| + κᵢ for all i.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0, or infinite.</exception>
    public static Tau Fixed(double value) => value is > 0 and < double.PositiveInfinity
        ? new Tau(value, 0)
        : throw new ArgumentOutOfRangeException(nameof(value), value, "τ must be above 0 and finite.");

    /// <summary>τᵢ = factor·(|wᵢ| + κᵢ), for a score: (24) has factor 1.</summary>
    /// <param name="factor">How many times |wᵢ| + κᵢ; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">Below 1, where the prior would not hold the posterior, or
    /// infinite.</exception>
    public static Tau OfWeights(double factor = 1) => factor is >= 1 and < double.PositiveInfinity
        ? new Tau(0, factor)
        : throw new ArgumentOutOfRangeException(
            nameof(factor), factor, "A τ read off the weights must be at least 1 times |w| + κ, and finite.");

    /// <summary>τᵢ, given |wᵢ| + κᵢ.</summary>
    internal double Of(double reach) => Value + (Factor * reach);
}
