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

    /// <summary>How many images choose between the prior's levels, and how many give h while training.</summary>
    private const int ChoiceImages = 20_000, TrainingCurvatureImages = 2048;

    private static readonly Assumption[] Assumptions =
    [
        new("one distribution",
            "The images of S₁ and those to come are independent draws of one distribution; images that were collected so that " +
                "the classes balance are not quite that."),
        new("settings before data",
            "All settings, seed and network included, were chosen without a look at S₁: a setting tuned on these results voids " +
                "δ."),
        new("random numbers", "Philox's numbers are as good as independent uniform ones."),
        new("rounding",
            "Single precision in u, w + u and the network changes the losses of no more than a negligible share of the draws."),
    ];

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
        if (model.State.Count > 0)
        {
            throw new ArgumentException(
                $"{model.GetType().Name} has running statistics ({model.State[0].Name} and others). They are learnt " +
                    $"from S₁ outside the posterior, so no inequality here covers them: certify a network without batch norm.",
                nameof(model));
        }

        using Run run = new(model, data, options, progress, cancellation);
        return run.Certify();
    }

    /// <summary>What is taken for granted where the weights that the prior's training begins with are a file's.</summary>
    private static readonly Assumption FirstWeights = new(
        "first weights",
        "The weights that the network came with were made without a look at S₁: images that it was trained on, or " +
            "chosen by, are in neither part.");

    private sealed class Run : IDisposable
    {
        private readonly Dataset data;
        private readonly CertifyOptions options;
        private readonly IProgress<CertifyProgress>? progress;
        private readonly CancellationToken cancellation;
        private readonly DataSplit split;
        private readonly BoundedCrossEntropy bounded;
        private readonly double eta;
        private readonly ParameterArena arena;
        private readonly NoisyWeights noise;
        private readonly NoisyTraining training;
        private readonly GibbsLoss losses;
        private readonly EvaluationPass plain;

        public Run(
            Module model, Dataset data, CertifyOptions options, IProgress<CertifyProgress>? progress,
            CancellationToken cancellation)
        {
            this.options = options;
            this.progress = progress;
            this.cancellation = cancellation;

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
            bounded = new BoundedCrossEntropy(options.SmallestProbability);
            eta = options.Eta ?? split.Bound.Count;
            try
            {
                arena = new ParameterArena(model, options.Device ?? Device.Best(), options.Seed);
                noise = new NoisyWeights(arena, options.Neighborhood, options.Seed);
                training = new NoisyTraining(model, arena, noise, options.Seed);
                losses = new GibbsLoss(model, arena, noise, data.Train.Form, bounded);
                plain = new EvaluationPass(model, arena, data.Train, Loss.CrossEntropy, int.MaxValue);
                plain.Graph.For(1);
                LabelCheck.Require(model, Loss.CrossEntropy, data, plain.Graph.Classes);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public Certificate Certify()
        {
            float[] priorMean = TrainPrior();
            double[] curvature = Curvature(split.Prior);
            GibbsLosses heldOut = plain.Losses(split.Bound, bounded, cancellation);
            GibbsLosses priorTest = plain.Losses(data.Test, bounded, cancellation);
            Candidate[] candidates =
                [.. options.PriorLevels.Select((level, k) => TrainPosterior(k, level, priorMean, curvature))];
            Candidate best = candidates.Length == 1 ? candidates[0] : candidates.MinBy(Promise)!;

            // Draws that chose nothing: of streams and steps that were not used before.
            Use(best);
            int looks = (int)(((long)options.Draws + split.Bound.Count - 1) / split.Bound.Count);
            GibbsLosses sample = losses.Drawn(split.Bound, looks, CertificateStream, Tell(CertifyPhase.Drawing), cancellation);
            GibbsLosses test = losses.Drawn(data.Test, 1, TestStream, Tell(CertifyPhase.Testing), cancellation);
            GibbsLosses centreTest = plain.Losses(data.Test, bounded, cancellation);
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
                SmallestProbability = options.SmallestProbability,
                HeldOutLoss = heldOut.ZeroOne,
                HeldOutBound =
                    BinaryKl.UpperInverse(heldOut.ZeroOne, -Math.Log(options.Delta + options.DeltaPrime) / split.Bound.Count),
                PriorMean = best.PriorMean,
                PriorDeviation = best.PriorDeviation,
                Mean = best.Mean,
                Sigma = best.Sigma,
                Kappa = best.Kappa,
            };
        }

        public void Dispose()
        {
            // From the constructor too, where the later ones may not exist yet.
            plain?.Dispose();
            losses?.Dispose();
            training?.Dispose();
            noise?.Dispose();
            arena?.Dispose();
        }

        /// <summary>Trains w₀ on S₀ alone, with the noise of the widest prior.</summary>
        private float[] TrainPrior()
        {
            double level = options.PriorLevels.Min();
            training.Run(
                new TrainingPlan(split.Prior, options.PriorEpochs, options.BatchSize, options.PriorOptimizer
                    ?? new Adam(1e-3), options.Seed, PriorStream)
                {
                    // The first epoch has no noise: first weights have no curvature worth the name.
                    BeforeEpoch = epoch =>
                        noise.Set(epoch == 1 ? new float[arena.Count] : Sigma(Curvature(Some(split.Prior)), eta * level, null)),
                },
                Tell(CertifyPhase.Prior),
                cancellation);
            return arena.Save();
        }

        private Candidate TrainPosterior(int number, double level, float[] priorMean, double[] curvature)
        {
            arena.Load(priorMean);
            float[] deviation = Sigma(curvature, eta * level, null);
            if (options.PosteriorEpochs > 0)
            {
                training.Run(
                    new TrainingPlan(
                        data.Train, options.PosteriorEpochs, options.BatchSize, options.PosteriorOptimizer
                            ?? new Adam(3e-4), options.Seed, PosteriorStream + (uint)number)
                    {
                        // Of the loss in nats + log(1/p_min)·KL/η, the objective times log(1/p_min).
                        Anchor = priorMean,
                        AnchorPrecision = Array.ConvertAll(deviation, s => (float)(bounded.Scale / (eta * s * s))),
                        BeforeEpoch = _ => noise.Set(Sigma(Curvature(Some(data.Train)), eta, deviation)),
                    },
                    Tell(CertifyPhase.Posterior),
                    cancellation);
            }

            float[] sigma = Sigma(Curvature(split.Bound), eta, deviation), mean = arena.Save();
            return new Candidate(level, priorMean, deviation, mean, sigma, PosteriorLevel.Kappa(mean, options.Neighborhood));
        }

        /// <summary>The certificate that a candidate may be expected to get, by draws that are used for nothing else.</summary>
        private double Promise(Candidate candidate)
        {
            Use(candidate);
            GibbsLosses guess = losses.Drawn(
                split.Bound.Take(Math.Min(ChoiceImages, split.Bound.Count)), 1, ChoiceStream, Tell(CertifyPhase.Choosing),
                cancellation);
            return Bound("", candidate, guess.ZeroOne, guess.Looks).Value;
        }

        /// <summary>kl⁻¹ twice: from the draws to the posterior's loss on S₁, and from there to its expected loss.</summary>
        private BoundResult Bound(string loss, Candidate candidate, double mean, long draws)
        {
            BoundResult limit = MonteCarloRisk.UpperLimit(mean, draws, options.DeltaPrime);
            double logLevels = Math.Log(options.PriorLevels.Count), beyond = arena.Count * TruncatedGaussianNoise.MassBeyond;
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
                [.. bound.Assumptions.Union(Assumptions), .. arena.Parameters.Any(parameter => parameter.Initializer.IsStored)
                    ? [FirstWeights] : Array.Empty<Assumption>()])
            {
                FailureProbability = bound.FailureProbability,
            };
        }

        private void Use(Candidate candidate)
        {
            arena.Load(candidate.Mean);
            noise.Set(candidate.Sigma);
        }

        private float[] Sigma(double[] curvature, double etaOfLevel, float[]? priorDeviation) =>
            PosteriorLevel.Sigma(arena.Save(), curvature, etaOfLevel, priorDeviation, options.Neighborhood);

        /// <summary>h of the bounded cross-entropy at the present weights.</summary>
        private double[] Curvature(SampleSet images) =>
            Array.ConvertAll(
                training.Curvature(images, Math.Min(options.BatchSize, images.Count), cancellation), h => h / bounded.Scale);

        private static SampleSet Some(SampleSet images) => images.Take(Math.Min(TrainingCurvatureImages, images.Count));

        private Action<long, long, double, TimeSpan>? Tell(CertifyPhase phase) =>
            progress is null ? null : (done, total, loss, left) =>
                progress.Report(new CertifyProgress(phase, done, total, loss, left));
    }
}
