using System.Globalization;
using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>Measures what Lemmas 6 and 8 and Theorem 7 need of a trained network: L̂, the diagonal of ∇²L̂, ρ.</summary>
public static class NetworkBounder
{
    /// <summary>Measures a network on the sample that it was trained on.</summary>
    /// <param name="subject">The network, whose last layer gives logits, and the sample without augmentation; its loss is not
    /// looked at.</param>
    /// <param name="options">δ, the neighbourhood, ρ.</param>
    /// <param name="progress">Notified after each product.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>What the bounds are made of; each bound is a method of it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    /// <exception cref="InvalidOperationException">The targets are not classes.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static NetworkBounds Measure(
        EmpiricalLoss subject, NetworkBoundOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new NetworkBoundOptions();
        options.Validate();
        if (subject.Images.Target.Kind != TargetKind.Class)
        {
            throw new InvalidOperationException(
                $"The bounds are for a loss in [0, 1], the bounded cross-entropy, which asks for a class a sample, but the " +
                    $"targets are {subject.Images.Target}.");
        }

        ParameterArena arena = subject.Arena;
        using EmpiricalLoss bounded = new(
            subject.Model, arena, subject.Images,
            (logits, labels) => Loss.BoundedCrossEntropy(logits, labels, options.SmallestProbability, smooth: true));
        HessianDiagonal diagonal = HessianDiagonalEstimator.Measure(
            bounded, new HessianDiagonalOptions { LargestExact = options.LargestExact, Draws = options.CurvatureDraws,
                Seed = options.Seed }, progress, cancellation);
        double rho = options.Rho ?? HessianLipschitzSampler.Measure(
            bounded,
            new HessianLipschitzOptions { Neighborhood = options.Neighborhood, Seed = options.Seed },
            progress,
            cancellation).Rho;
        float[] weights = bounded.MoveToWeights();
        NetworkBounds bounds = new()
        {
            Weights = weights,
            Curvature = [.. diagonal.Entries.Select(entry => (float)Math.Max(entry, 0))],
            NegativeShare = diagonal.NegativeShare,
            IsCurvatureExact = diagonal.IsExact,
            IsRhoGiven = options.Rho is not null,
            Kink = NetworkLayers.Of(subject).Kink,
            Sample = new BoundSample(Math.Clamp(bounded.Value(cancellation), 0, 1), subject.Images.Count, options.Delta),
            Smoothness = new LocalSmoothness(rho, options.Neighborhood),
            Value = 0,
            Uncertainty = default,
            Cost = bounded.Cost,
        };
        subject.Cost += bounded.Cost;
        BoundResult value = bounds.Lemma8(options.PriorVariance, device: arena.Device);
        return bounds with
        {
            Value = value.Value,
            Uncertainty = value.Status == BoundStatus.Score
                ? new Uncertainty(double.NaN, double.NaN, $"a score: {bounds.Doubt}")
                : new Uncertainty(
                    double.NegativeInfinity, value.Value, string.Create(
                        CultureInfo.InvariantCulture, $"a bound with probability {1 - options.Delta}, where ρ holds")),
        };
    }
}
