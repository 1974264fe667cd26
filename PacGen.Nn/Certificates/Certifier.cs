
namespace PacGen.Nn;

/// <summary>
/// PAC-Bayes certificates: a guarantee for the error of a network with randomly perturbed weights, from its training data alone.
/// A prior N(w₀, s²) is learnt on S₀, a posterior (truncated Gaussians of level σ* around w) on S₀ and S₁, and the inequality of
/// Seeger and Maurer bounds the posterior's loss with S₁ as the sample.
/// </summary>
public static class Certifier
{
    /// <summary>Trains a prior and a posterior and certifies the posterior.</summary>
    /// <param name="model">The network; its parameters lie elsewhere afterwards: <see cref="Certificate.Mean"/> has the
    /// values.</param>
    /// <param name="data">The training images, which are split, and test images to show the losses on.</param>
    /// <param name="options">Everything else; defaults without it.</param>
    /// <param name="progress">Notified some times a second.</param>
    /// <param name="cancellation">Stops it; nothing is certified then.</param>
    /// <returns>The certificate, with what it assumes.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or the network doesn't fit the data.</exception>
    /// <exception cref="PacGen.Kernels.ShapeException">The network does not fit the images.</exception>
    /// <exception cref="TrainingException">The loss or the gradient became NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Certificate Certify(
        Module model, Dataset data, CertifyOptions? options = null, IProgress<CertifyProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        options ??= new CertifyOptions();
        options.Validate(data);
        using PosteriorRun run = PosteriorRun.OfSplit(model, data, options, progress, cancellation);
        return run.Certify(null);
    }

    /// <summary>
    /// Certifies a network of one's own on samples that it has not seen: the exact binomial test of its weights, the PAC-Bayes
    /// certificate of the network with perturbed weights, that of one draw, side by side with what each assumes. The prior's
    /// centre is the weights as they come, its deviations follow from the curvature on the samples that they were trained on;
    /// with <see cref="CertifyOptions.PosteriorEpochs"/> 0 the posterior's centre is the same.
    /// </summary>
    /// <param name="model">The network; its parameters lie elsewhere afterwards.</param>
    /// <param name="weights">Its weights, in the arena's order; made without a look at the held-out samples.</param>
    /// <param name="state">Its running statistics, in the arena's order; none for a model without.</param>
    /// <param name="data">Train: samples that the network may have learnt from. Test: held-out ones, S₁. Both normalised as the
    /// network was trained.</param>
    /// <param name="options">Everything else; defaults without it. What concerns the training of a prior is not looked
    /// at.</param>
    /// <param name="progress">Notified some times a second.</param>
    /// <param name="cancellation">Stops it; nothing is certified then.</param>
    /// <returns>The certificate, with what it assumes.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or the network doesn't fit the data or the
    /// weights.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Certificate CertifyWeights(
        Module model, ReadOnlySpan<float> weights, ReadOnlySpan<float> state, Dataset data, CertifyOptions? options = null,
        IProgress<CertifyProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        options ??= new CertifyOptions();
        options.Validate(data, splits: false);
        using PosteriorRun run = PosteriorRun.OfWeights(model, weights, state, data, options, progress, cancellation);
        return run.Certify(weights.ToArray());
    }

    /// <summary>
    /// Trains stage after stage on ever more images, each stage tested on those that the next will learn from, and certifies the
    /// classifier that draws a stage for each image: all of S₁ is tested, and all but the last part is learnt from. δ and δ′
    /// together are the probability that it fails, as no draws need a limit; a running statistic counts as a weight.
    /// </summary>
    /// <inheritdoc cref="Certify"/>
    /// <exception cref="CheckpointException">What <see cref="CertifyOptions.Folder"/> keeps is damaged, or of another
    /// certification.</exception>
    /// <exception cref="IOException">Another process works in that folder, or it can't be written.</exception>
    public static ProgressiveCertificate CertifyProgressively(
        Module model, Dataset data, CertifyOptions? options = null, IProgress<CertifyProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        options ??= new CertifyOptions();
        options.Validate(data);
        using ProgressiveRun run = new(model, data, options, progress, cancellation);
        return run.Certify();
    }
}
