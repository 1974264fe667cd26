using PacGen.Core.Bounds;
using PacGen.Kernels.Devices;
using PacGen.Nn.Data;

namespace PacGen.Nn;

/// <summary>
/// PAC-Bayes certificates: a guarantee for the error of a trained network with randomly perturbed weights, from its training data alone.
/// A prior N(w₀, s²) is learnt on S₀, a posterior (truncated Gaussians of level σ* around w) on S₀ and S₁, and the bound of Maurer and Seeger holds
/// for the posterior's loss with S₁ as the sample.
/// </summary>
public static class Certifier
{
    /// <summary>The streams of the run's random numbers: draws of the prior's training, the posterior's, to choose, to certify, to test.</summary>
    private const uint PriorStream = 0x6365_7230, PosteriorStream = 0x6365_7231, ChoiceStream = 0x6365_7232, CertificateStream = 0x6365_7233, TestStream = 0x6365_7234;

    /// <summary>How many looks choose between the prior's levels, and how many images give h while training.</summary>
    private const int ChoiceLooks = 20_000, TrainingCurvatureImages = 2048;

    /// <summary>Trains a prior and a posterior and certifies the posterior.</summary>
    /// <param name="model">The network; its parameters' values are replaced.</param>
    /// <param name="data">The training images, which are split, and test images to show the losses on.</param>
    /// <param name="options">Everything else; defaults without it.</param>
    /// <param name="progress">Told where it stands, some times a second.</param>
    /// <param name="cancellation">Stops it; nothing is certified then.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the network doesn't fit the data.</exception>
    /// <exception cref="TrainingException">The loss or the gradient became NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Certificate Certify(
        Module model, Dataset data, CertifyOptions? options = null, IProgress<CertifyProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        options ??= new CertifyOptions();
        options.Validate(data.Train);
        using Run run = new(model, data, options, progress, cancellation);
        return run.Certify();
    }

    private sealed class Run : IDisposable
    {
        private readonly Dataset data;
        private readonly CertifyOptions options;
        private readonly IProgress<CertifyProgress>? progress;
        private readonly CancellationToken cancellation;
        private readonly DataSplit split;
        private readonly ParameterArena arena;
        private readonly NoisyWeights noise;
        private readonly NoisyTraining training;
        private readonly GibbsLoss losses;

        /// <summary>log(1/p_min): the cross-entropy in nats of a bounded cross-entropy of 1.</summary>
        private readonly double nats;

        private readonly double eta;

        public Run(Module model, Dataset data, CertifyOptions options, IProgress<CertifyProgress>? progress, CancellationToken cancellation)
        {
            this.data = data;
            this.options = options;
            this.progress = progress;
            this.cancellation = cancellation;
            split = DataSplit.Of(data.Train, options.PriorImages(data.Train.Count), options.Seed);
            nats = -Math.Log(options.SmallestProbability);
            eta = options.Eta ?? split.Bound.Count;
            int[] image = [data.Train.Height, data.Train.Width, data.Train.Channels];
            arena = new ParameterArena(model, options.Device ?? Device.Best(), options.Seed);
            noise = new NoisyWeights(arena, options.Gamma, options.Epsilon, options.Seed);
            training = new NoisyTraining(model, arena, noise, image, options.Seed);
            losses = new GibbsLoss(model, arena, noise, image, options.SmallestProbability);
        }

        public Certificate Certify()
        {
            float[] priorMean = TrainPrior();
            double[] h = Curvature(split.Prior);
            GibbsLosses held = losses.AtCentre(split.Bound, cancellation), priorTest = losses.AtCentre(data.Test, cancellation);
            Console.WriteLine($"prior: S1 {held}, test {priorTest}; S0 {losses.AtCentre(split.Prior, cancellation)}");
            Candidate? best = null;
            double bestValue = double.PositiveInfinity;
            for (int k = 0; k < options.PriorEtas.Count; k++)
            {
                float[] priorScale = PosteriorLevel.Sigma(priorMean, h, eta * options.PriorEtas[k], null, options.Gamma, options.Epsilon);
                Candidate candidate = TrainPosterior(k, priorMean, priorScale);
                Use(candidate);
                GibbsLosses guess = losses.Drawn(
                    split.Bound.Count > ChoiceLooks ? split.Bound.Take(ChoiceLooks) : split.Bound, 1, ChoiceStream, Tell(CertifyPhase.Drawing), cancellation);
                double value = BinaryKl.UpperInverse(guess.ZeroOne, Complexity(candidate.Kl));
                Console.WriteLine($"k {options.PriorEtas[k]}: KL {candidate.Kl:F1}, q̂ {guess}, cert {value:F4}, S1 at w {losses.AtCentre(split.Bound, cancellation)}, s mean {priorScale.Average():G3}, σ mean {candidate.Sigma.Average():G3}");
                if (value < bestValue)
                {
                    (best, bestValue) = (candidate, value);
                }
            }

            Use(best!);
            int looks = (int)(((long)options.Draws + split.Bound.Count - 1) / split.Bound.Count);
            GibbsLosses sample = losses.Drawn(split.Bound, looks, CertificateStream, Tell(CertifyPhase.Drawing), cancellation);
            GibbsLosses test = losses.Drawn(data.Test, 1, TestStream, Tell(CertifyPhase.Testing), cancellation), centreTest = losses.AtCentre(data.Test, cancellation);
            double q = BinaryKl.UpperInverse(sample.ZeroOne, Math.Log(1 / options.DeltaPrime) / sample.Looks);
            double p = BinaryKl.UpperInverse(q, Complexity(best!.Kl));
            Console.WriteLine($"final {p:F5}: q̂ {sample}, q̄ {q}, KL {best.Kl}, test Gibbs {test}, centre {centreTest}, holdout {BinaryKl.UpperInverse(held.ZeroOne, Math.Log(1 / options.Delta) / split.Bound.Count)}");
            return new Certificate();
        }

        public void Dispose()
        {
            losses.Dispose();
            training.Dispose();
            noise.Dispose();
            arena.Dispose();
        }

        /// <summary>(KL + log K + log(2√n/δ))/n.</summary>
        private double Complexity(double kl)
        {
            double n = split.Bound.Count;
            return (kl + Math.Log(options.PriorEtas.Count) + Math.Log(2 * Math.Sqrt(n) / options.Delta)) / n;
        }

        private float[] TrainPrior()
        {
            training.Run(
                new TrainingPlan(split.Prior, options.PriorEpochs, options.BatchSize, options.PriorOptimizer ?? new Adam(1e-3), options.Seed, PriorStream)
                {
                    BeforeEpoch = (epoch, _) => SetNoise(epoch == 1, split.Prior, double.Parse(Environment.GetEnvironmentVariable("TETA") ?? "4"), null),
                },
                Tell(CertifyPhase.Prior),
                cancellation);
            return arena.Save();
        }

        private Candidate TrainPosterior(int level, float[] priorMean, float[] priorScale)
        {
            arena.Load(priorMean);
            if (options.PosteriorEpochs > 0)
            {
                training.Run(
                    new TrainingPlan(data.Train, options.PosteriorEpochs, options.BatchSize, options.PosteriorOptimizer ?? new Adam(1e-4), options.Seed, PosteriorStream + (uint)(level << 8))
                    {
                        Anchor = priorMean,
                        AnchorPrecision = Array.ConvertAll(priorScale, s => (float)(nats / (eta * s * s))),
                        BeforeEpoch = (_, _) => SetNoise(false, data.Train, 1, priorScale),
                    },
                    Tell(CertifyPhase.Posterior),
                    cancellation);
            }

            float[] mean = arena.Save();
            float[] sigma = PosteriorLevel.Sigma(mean, Curvature(split.Bound), eta, priorScale, options.Gamma, options.Epsilon);
            float[] kappa = PosteriorLevel.Kappa(mean, options.Gamma, options.Epsilon);
            return new Candidate(level, priorMean, priorScale, mean, sigma, kappa, TruncatedGaussian.Kl<float>(mean, sigma, kappa, priorMean, priorScale));
        }

        private void SetNoise(bool none, ImageSet images, double factor, float[]? priorScale)
        {
            float[] w = arena.Save();
            if (none)
            {
                noise.Set(new float[w.Length]);
                return;
            }

            noise.Set(PosteriorLevel.Sigma(
                w, Curvature(images.Take(Math.Min(TrainingCurvatureImages, images.Count))), eta * factor, priorScale, options.Gamma, options.Epsilon));
        }

        private void Use(Candidate candidate)
        {
            arena.Load(candidate.Mean);
            noise.Set(candidate.Sigma);
        }

        /// <summary>h of the bounded cross-entropy.</summary>
        private double[] Curvature(ImageSet images) =>
            Array.ConvertAll(training.Curvature(images, Math.Min(options.BatchSize, images.Count), cancellation), h => h / nats);

        private Action<long, long, double, TimeSpan>? Tell(CertifyPhase phase) =>
            progress is null ? null : (done, total, loss, left) => progress.Report(new CertifyProgress(phase, done, total, loss, left));
    }

    private sealed record Candidate(int Level, float[] PriorMean, float[] PriorScale, float[] Mean, float[] Sigma, float[] Kappa, double Kl);
}
