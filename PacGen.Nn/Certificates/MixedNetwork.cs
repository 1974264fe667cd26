using System.Globalization;
namespace PacGen.Nn;

/// <summary>A network of a <see cref="CertifiedMixture"/>.</summary>
/// <param name="Share">With which probability it answers.</param>
/// <param name="Weights">Its weights, in the arena's order.</param>
/// <param name="State">Its running statistics, in the arena's order; empty for a model without.</param>
public sealed record MixedNetwork(double Share, IReadOnlyList<float> Weights, IReadOnlyList<float> State)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"a network of {Weights.Count:N0} weights, share {Share:P1}");
}
