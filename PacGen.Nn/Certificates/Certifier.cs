using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// PAC-Bayes certificates: a guarantee for the error of a network with randomly perturbed weights, from its training data alone.
/// A prior N(w₀, s²) is learnt on S₀, a posterior (truncated Gaussians of level σ* around w) on S₀ and S₁, and the inequality of
/// Seeger and Maurer bounds the posterior's loss with S₁ as the sample.
/// </summary>
public static class Certifier
{
    /// <summary>
    /// The streams of the run's random numbers: draws to train the prior, to train posteriors (one stream each), to choose, to
    /// certify, to test.
    /// </summary>
    private const uint PriorStream = 0x6365_7200, PosteriorStream = 0x6366_0000, ChoiceStream = 0x6365_7201,
        CertificateStream = 0x6365_7202, TestStream = 0x6365_7203;

    /// <summary>How many images choose between the prior's levels.</summary>
    private const int ChoiceImages = 20_000;

    /// <summary>Trains a prior and a posterior and certifies the posterior.</summary>
    /// <param name="model">The network; its parameters lie elsewhere afterwards: <see cref="Certificate.Mean"/> has the
    /// values.</param>
    /// <param name="data">The training images, which are split, and test images to show the losses on.</param>
    /// <param name="options">Everything else; defaults without it.</param>
    /// <param name="progress">Notified some times a second.</param>
    /// <param name="cancellation">Stops it; nothing is certified then.</param>
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
        using Run run = new(model, data, options, progress, cancellation);
        return run.Certify();
    }

    /// <summary>
    /// Trains stage after stage on ever more images, each stage tested on those that the next will learn from, and certifies the
    /// classifier that draws a stage for each image: all of S₁ is tested, and all but the last part is learnt from. δ and δ′
    /// together are the probability that it fails, as no draws need a limit; a running statistic counts as a weight.
    /// </summary>
    /// <inheritdoc cref="Certify"/>
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

    private sealed class Run : IDisposable
    {
        private readonly Dataset data;
        private readonly CertifyOptions options;
        private readonly DataSplit split;
        private readonly double eta;
        private readonly CertifySession session;

        public Run(
            Module model, Dataset data, CertifyOptions options, IProgress<CertifyProgress>? progress,
            CancellationToken cancellation)
        {
            this.options = options;

            // The network sees samples through a normalisation, which is part of the prior: so it comes from S₀ alone. Numbers
            // that are taken as they are stay so.
            if (data.Train.Normalization is not null)
            {
                int[] order = DataSplit.Order(data.Train.Count, options.Seed);
                data = data.Normalized(Normalization.Fit(
                    data.Train, order.AsSpan(0, options.PriorImages(data.Train.Count))));
            }

            this.data = data;
            split = DataSplit.Of(data.Train, options.PriorImages(data.Train.Count), options.Seed);
            eta = options.Eta ?? split.Bound.Count;
            session = new CertifySession(model, data, options, progress, cancellation);
        }

        public Certificate Certify()
        {
            float[] priorMean = TrainPrior();
            double[] curvature = session.Curvature(split.Prior);
            GibbsLosses heldOut = session.At(split.Bound);
            GibbsLosses priorTest = session.At(data.Test);
            Candidate[] candidates =
                [.. options.PriorLevels.Select((level, k) => TrainPosterior(k, level, priorMean, curvature))];
            Candidate best = candidates.Length == 1 ? candidates[0] : candidates.MinBy(Promise)!;

            // Draws that chose nothing: of streams and steps that were not used before.
            Use(best);
            int looks = (int)(((long)options.Draws + split.Bound.Count - 1) / split.Bound.Count);
            GibbsLosses sample = session.Losses.Drawn(
                split.Bound, looks, CertificateStream, session.Tell(CertifyPhase.Drawing), session.Cancellation);
            GibbsLosses test = session.Losses.Drawn(
                data.Test, 1, TestStream, session.Tell(CertifyPhase.Testing), session.Cancellation);
            GibbsLosses centreTest = session.At(data.Test);
            return new Certificate
            {
                ZeroOne = new CertifiedLoss(
                    "0-1 loss", Bound("0-1 loss", best, sample.ZeroOne, sample.Looks), test.ZeroOne, centreTest.ZeroOne,
                    priorTest.ZeroOne),
                CrossEntropy = new CertifiedLoss(
                    "bounded cross-entropy", Bound("bounded cross-entropy", best, sample.CrossEntropy, sample.Looks),
                    test.CrossEntropy, centreTest.CrossEntropy, priorTest.CrossEntropy),
                Kl = best.Kl,
                KlOfShift = best.KlOfShift,
                PriorLevel = best.Level,
                PriorLevels = options.PriorLevels.Count,
                PriorImages = split.Prior.Count,
                BoundImages = split.Bound.Count,
                TestImages = data.Test.Count,
                Draws = sample.Looks,
                Delta = options.Delta,
                DeltaPrime = options.DeltaPrime,
                Eta = eta,
                CurvatureScale = options is { PosteriorEpochs: > 0, PosteriorOptimizer.LearnsPosterior: true } ? 1
                    : Math.Min(options.BatchSize, split.Bound.Count),
                SmallestProbability = options.SmallestProbability,
                HeldOut = BinomialTest.UpperLimit(
                    (long)Math.Round(heldOut.ZeroOne * heldOut.Looks), heldOut.Looks, options.Delta + options.DeltaPrime),
                PriorMean = best.PriorMean,
                PriorDeviation = best.PriorDeviation,
                Mean = best.Mean,
                Sigma = best.Sigma,
                Kappa = best.Kappa,
                State = session.Arena.SaveState(),
            };
        }

        public void Dispose() => session?.Dispose();

        /// <summary>
        /// Trains w₀ on S₀ alone, with the noise of the widest prior. Running statistics are S₀'s from then on, and part of the
        /// prior.
        /// </summary>
        private float[] TrainPrior()
        {
            session.Train(
                new TrainingPlan(
                    split.Prior, options.PriorEpochs, options.BatchSize, options.PriorOptimizer ?? new Adam(1e-3), options.Seed,
                    PriorStream)
                {
                    Augmentation = options.Augmentation,
                    BeforeEpoch = _ => { },
                },
                eta * options.PriorLevels.Min(),
                isFresh: true,
                CertifyPhase.Prior);
            return session.Arena.Save();
        }

        private Candidate TrainPosterior(int number, double level, float[] priorMean, double[] curvature)
        {
            session.Arena.Load(priorMean);
            float[] deviation = session.Sigma(curvature, eta * level, null);
            double[]? learnt = null;
            if (options.PosteriorEpochs > 0)
            {
                learnt = session.Training.Run(
                    new TrainingPlan(
                        data.Train, options.PosteriorEpochs, options.BatchSize, options.PosteriorOptimizer
                            ?? new Adam(3e-4), options.Seed, PosteriorStream + (uint)number)
                    {
                        // Of the loss in nats + log(1/p_min)·KL/η, the objective times log(1/p_min).
                        Anchor = priorMean,
                        AnchorPrecision = Array.ConvertAll(deviation, s => (float)(session.Bounded.Scale / (eta * s * s))),
                        Augmentation = options.Augmentation,
                        IsFrozen = session.Arena.States.Count > 0,
                        BeforeEpoch = _ => session.Noise.Set(
                            session.Sigma(session.Curvature(CertifySession.Some(data.Train)), eta, deviation)),
                    },
                    session.Tell(CertifyPhase.Posterior),
                    session.Cancellation);
            }

            double[] h = learnt is null ? session.Curvature(split.Bound)
                : Array.ConvertAll(learnt, one => one / session.Bounded.Scale);
            float[] sigma = session.Sigma(h, eta, deviation), mean = session.Arena.Save();
            return new Candidate(level, priorMean, deviation, mean, sigma, PosteriorLevel.Kappa(mean, options.Neighborhood));
        }

        /// <summary>The certificate that a candidate may be expected to get, by draws that are used for nothing else.</summary>
        private double Promise(Candidate candidate)
        {
            Use(candidate);
            GibbsLosses guess = session.Losses.Drawn(
                split.Bound.Take(Math.Min(ChoiceImages, split.Bound.Count)), 1, ChoiceStream, session.Tell(CertifyPhase.Choosing),
                session.Cancellation);
            return Bound("", candidate, guess.ZeroOne, guess.Looks).Value;
        }

        /// <summary>kl⁻¹ twice: from the draws to the posterior's loss on S₁, and from there to its expected loss.</summary>
        private BoundResult Bound(string loss, Candidate candidate, double mean, long draws)
        {
            BoundResult limit = MonteCarloRisk.UpperLimit(mean, draws, options.DeltaPrime);
            double logLevels = Math.Log(options.PriorLevels.Count);
            double beyond = session.Arena.Count * TruncatedGaussianNoise.MassBeyond;
            limit = limit with { Value = Math.Min(limit.Value + beyond, 1) };
            BoundResult bound = limit.Into(
                q => MaurerSeeger.Bound(q, candidate.Kl + logLevels, split.Bound.Count, options.Delta));
            return new BoundResult(
                $"Certificate of the {loss}",
                bound.Value,
                BoundStatus.ConditionalBound,
                [
                    new("q̂", mean),
                    new("q̄", limit.Value),
                    new("m·2⁻³²", beyond),
                    new("KL", candidate.Kl),
                    new("log K", logLevels),
                    new("log ξ(n)/δ", bound.Term("log ξ(n)/δ")),
                    new("(KL + log K + log ξ(n)/δ)/n", bound.Term("(KL + log ξ(n)/δ)/n")),
                    new("N", draws),
                    new("n", split.Bound.Count),
                ],
                [.. bound.Assumptions.Union(CertifyAssumptions.Of(session.Arena, draws: true))])
            {
                FailureProbability = bound.FailureProbability,
            };
        }

        private void Use(Candidate candidate)
        {
            session.Arena.Load(candidate.Mean);
            session.Noise.Set(candidate.Sigma);
        }
    }
}
