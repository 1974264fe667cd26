using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// 𝔼_u L̂(w + u) of a network by N draws of u, each over the whole set, with standard errors: of the empirical loss itself and,
/// for a classifier, of the 0-1 loss and of the bounded cross-entropy, which certificates take.
/// </summary>
public sealed record ExpectedLoss : Measurement
{
    /// <summary>The empirical loss itself.</summary>
    public required MeanEstimate Loss { get; init; }

    /// <summary>The 0-1 loss; null where the network is no classifier.</summary>
    public required MeanEstimate? ZeroOne { get; init; }

    /// <summary>−ln max(p_y, p_min) / ln(1/p_min); null where the network is no classifier.</summary>
    public required MeanEstimate? BoundedCrossEntropy { get; init; }

    /// <summary>
    /// The losses of each draw, in order; an antithetic pair's mean. The second and third are NaN where the network is no
    /// classifier.
    /// </summary>
    public required IReadOnlyList<LossValues> Values { get; init; }

    /// <summary>How it was drawn.</summary>
    public required ExpectedLossOptions Options { get; init; }

    /// <summary>The estimates with their standard errors.</summary>
    public override string ToString()
    {
        string text = Of("loss", Loss);
        text += ZeroOne is { } zeroOne ? $", {Of("0-1 loss", zeroOne)}" : "";
        text += BoundedCrossEntropy is { } bounded ? $", {Of("bounded cross-entropy", bounded)}" : "";
        return $"expected {text}; {Loss.Draws} draws";

        static string Of(string name, MeanEstimate estimate) =>
            string.Create(CultureInfo.InvariantCulture, $"{name} {estimate.Value:G6} ± {estimate.StandardError:G2}");
    }
}
