using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;

namespace PacGen.Nn;

/// <summary>Makes a prior and posteriors, chooses one, and bounds its loss.</summary>
internal sealed class PosteriorRun : IDisposable
{
    /// <summary>
    /// The streams of the run's random numbers: draws to train the prior, to train posteriors (one stream each), to choose, to
    /// certify, to test, and the one draw that is certified by itself.
    /// </summary>
    private const uint PriorStream = 0x6365_7200, PosteriorStream = 0x6366_0000, ChoiceStream = 0x6365_7201,
        CertificateStream = 0x6365_7202, TestStream = 0x6365_7203, OneDrawStream = 0x6365_7204;

    /// <summary>How many images choose between the prior's levels.</summary>
    private const int ChoiceImages = 20_000;

    private readonly CertifyOptions options;
    private readonly DataSplit split;
    private readonly SampleSet images;
    private readonly SampleSet? test;
    private readonly double eta;
    private readonly CertifySession session;

    private PosteriorRun(
        DataSplit split, SampleSet images, SampleSet? test, CertifyOptions options, CertifySession session)
    {
        (this.split, this.images, this.test, this.options, this.session) = (split, images, test, options, session);
        eta = options.Eta ?? split.Bound.Count;
    }

    /// <summary>S₀ and S₁ are parts of the training samples.</summary>
    public static PosteriorRun OfSplit(
        Module model, Dataset data, CertifyOptions options, IProgress<CertifyProgress>? progress, CancellationToken cancellation)
    {
        // The network sees samples through a normalisation, which is part of the prior: so it comes from S₀ alone. Numbers
        // that are taken as they are stay so.
        int prior = options.PriorImages(data.Train.Count);
        if (data.Train.Normalization is not null && !options.KeepNormalization)
        {
            int[] order = DataSplit.Order(data.Train.Count, options.Seed);
            data = data.Normalized(Normalization.Fit(data.Train, order.AsSpan(0, prior)));
        }

        return new PosteriorRun(
            DataSplit.Of(data.Train, prior, options.Seed), data.Train, data.Test, options,
            new CertifySession(model, data, options, progress, cancellation));
    }

    /// <summary>S₁ is the held-out samples; the prior's centre is weights that have not seen them.</summary>
    public static PosteriorRun OfWeights(
        Module model, ReadOnlySpan<float> weights, ReadOnlySpan<float> state, Dataset data, CertifyOptions options,
        IProgress<CertifyProgress>? progress, CancellationToken cancellation)
    {
        CertifySession session = new(model, data, options, progress, cancellation);
        try
        {
            session.Arena.Load(weights);
            if (session.Arena.States.Count > 0)
            {
                session.Arena.LoadState(state);
            }

            return new PosteriorRun(new DataSplit(data.Train, data.Test), data.Test, null, options, session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Certifies.</summary>
    /// <param name="weights">The prior's centre where it is not trained here.</param>
    public Certificate Certify(float[]? weights)
    {
        float[] priorMean = weights ?? TrainPrior();
        double[] curvature = session.Curvature(split.Prior);
        bool[] wrong = session.Plain.Wrong(split.Bound, session.Bounded, session.Cancellation);
        int errors = wrong.Count(one => one);
        CompressedNetwork? compressed = options.Compression is null ? null
            : new CompressionRun(session, options).Run(priorMean, images, split.Bound, test);
        GibbsLosses? priorTest = AtTest();
        Candidate[] candidates =
            [.. options.Priors.Select((level, k) => TrainPosterior(k, level, priorMean, curvature))];
        Candidate best = candidates.Length == 1 ? candidates[0] : candidates.MinBy(Promise)!;

        // Draws that chose nothing: of streams and steps that were not used before.
        Use(best);
        int looks = (int)(((long)options.Draws + split.Bound.Count - 1) / split.Bound.Count);
        GibbsLosses sample = session.Losses.Drawn(
            split.Bound, looks, CertificateStream, session.Tell(CertifyPhase.Drawing), session.Cancellation, wrong);
        GibbsLosses? drawnTest = test is null ? null : session.Losses.Drawn(
            test, 1, TestStream, session.Tell(CertifyPhase.Testing), session.Cancellation);
        GibbsLosses? centreTest = AtTest();
        return new Certificate
        {
            ZeroOne = new CertifiedLoss(
                "0-1 loss", Bound("0-1 loss", best, sample.ZeroOne, sample.Looks), drawnTest?.ZeroOne ?? double.NaN,
                centreTest?.ZeroOne ?? double.NaN, priorTest?.ZeroOne ?? double.NaN),
            CrossEntropy = new CertifiedLoss(
                "bounded cross-entropy", Bound("bounded cross-entropy", best, sample.CrossEntropy, sample.Looks),
                drawnTest?.CrossEntropy ?? double.NaN, centreTest?.CrossEntropy ?? double.NaN,
                priorTest?.CrossEntropy ?? double.NaN),
            Excess = Excess(best, sample, errors),
            WrongAlone = sample.WrongAlone,
            RightAlone = sample.RightAlone,
            OneDraw = OneDraw(best),
            Compressed = compressed,
            Kl = best.Kl,
            KlOfShift = best.KlOfShift,
            PriorLevel = best.Level,
            PriorHasOneDeviation = options.PriorDeviations is not null,
            PriorLevels = options.Priors.Count,
            PosteriorSigma = options.PosteriorSigma,
            PriorImages = split.Prior.Count,
            BoundImages = split.Bound.Count,
            TestImages = test?.Count ?? 0,
            Draws = sample.Looks,
            Delta = options.Delta,
            DeltaPrime = options.DeltaPrime,
            Eta = best.Eta,
            CurvatureScale = options is { PosteriorEpochs: > 0, PosteriorOptimizer.LearnsPosterior: true } ? 1
                : Math.Min(options.BatchSize, split.Bound.Count),
            SmallestProbability = options.SmallestProbability,
            HeldOut = BinomialTest.UpperLimit(errors, split.Bound.Count, options.Delta + options.DeltaPrime),
            PriorMean = best.PriorMean,
            PriorDeviation = best.PriorDeviation,
            Mean = best.Mean,
            Sigma = best.Sigma,
            Kappa = best.Kappa,
            State = session.Arena.SaveState(),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => session.Dispose();

    private GibbsLosses? AtTest() => test is null ? null : session.At(test);

    /// <summary>
    /// Trains w₀ on S₀ alone, with the noise of the widest prior. Running statistics are S₀'s from then on, and part of the
    /// prior.
    /// </summary>
    private float[] TrainPrior()
    {
        if (options.PriorEpochs == 0)
        {
            return session.Arena.Save();
        }

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
        float[] deviation = options.PriorDeviations is null ? session.Sigma(curvature, eta * level, null)
            : [.. Enumerable.Repeat((float)level, priorMean.Length)];
        double[]? ofOptimizer = null;

        // Learnt σ begins at the prior's.
        using LearntSigma? learnt = options.PosteriorSigma == PosteriorSigma.Optimal ? null : new LearntSigma(
            session.Arena, session.Noise, options.PosteriorSigma, [.. deviation.Zip(Caps(), Math.Min)], options.SigmaRate,
            session.Bounded.Scale / eta);
        double now = Eta(priorMean, deviation, eta, learnt);
        if (options.PosteriorEpochs > 0)
        {
            ofOptimizer = session.Training.Run(
                new TrainingPlan(
                    images, options.PosteriorEpochs, Math.Min(options.BatchSize, images.Count),
                    options.PosteriorOptimizer ?? new Adam(3e-4), options.Seed, PosteriorStream + (uint)number)
                {
                    // Of the loss in nats + log(1/p_min)·KL/η, the objective times log(1/p_min).
                    Anchor = priorMean,
                    AnchorPrecision = Array.ConvertAll(deviation, s => (float)(session.Bounded.Scale / (eta * s * s))),
                    Augmentation = options.Augmentation,
                    Sigma = learnt,
                    IsFrozen = session.Arena.States.Count > 0,
                    AnchorStrength = () => eta / now,
                    BeforeEpoch = _ =>
                    {
                        now = Eta(priorMean, deviation, now, learnt);
                        learnt?.Limit(Caps());
                        if (learnt is null)
                        {
                            session.Noise.Set(session.Sigma(session.Curvature(CertifySession.Some(images)), now, deviation));
                        }
                    },
                },
                session.Tell(CertifyPhase.Posterior),
                session.Cancellation);
        }

        now = Eta(priorMean, deviation, now, learnt);
        float[] mean = session.Arena.Save(), sigma;
        if (learnt is not null)
        {
            sigma = [.. learnt.Values().Zip(Caps(), Math.Min)];
        }
        else
        {
            double[] h = ofOptimizer is null ? session.Curvature(split.Bound)
                : Array.ConvertAll(ofOptimizer, one => one / session.Bounded.Scale);
            sigma = session.Sigma(h, now, deviation);
        }

        return new Candidate(level, priorMean, deviation, mean, sigma, PosteriorLevel.Kappa(mean, options.Neighborhood))
            { Eta = now };
    }

    /// <summary>
    /// The η of the objective at the present weights: of their bounded cross-entropy on a part of S₁, and of the KL that σ* at
    /// the last η has, in two rounds, as σ* moves with η. Any η is valid: the bound is for all posteriors.
    /// </summary>
    private double Eta(float[] priorMean, float[] deviation, double last, LearntSigma? learnt)
    {
        if (options.Objective is not { } objective)
        {
            return eta;
        }

        SampleSet some = CertifySession.Some(split.Bound);
        double loss = Math.Min(session.At(some).CrossEntropy, 1);
        double[] h = learnt is null ? session.Curvature(some) : [];
        float[] mean = session.Arena.Save(), kappa = PosteriorLevel.Kappa(mean, options.Neighborhood);
        for (int round = 0; round < 2; round++)
        {
            float[] sigma = learnt?.Values() ?? session.Sigma(h, last, deviation);
            double kl = TruncatedGaussian.Kl<float>(mean, sigma, kappa, priorMean, deviation) + LogLevels;
            last = BoundObjective.Eta(objective, loss, Math.Max(kl, 0), split.Bound.Count, options.Delta);
        }

        return last;
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

    /// <summary>What the kernel's draws leave out of the posterior: m·2⁻³².</summary>
    private double Beyond => session.Arena.Count * TruncatedGaussianNoise.MassBeyond;

    private double LogLevels => Math.Log(options.Priors.Count);

    /// <summary>The largest σ at the present weights.</summary>
    private float[] Caps() => session.Sigma(new double[session.Arena.Count], 1, null);

    /// <summary>kl⁻¹ twice: from the draws to the posterior's loss on S₁, and from there to its expected loss.</summary>
    private BoundResult Bound(string loss, Candidate candidate, double mean, long draws)
    {
        BoundResult limit = MonteCarloRisk.UpperLimit(mean, draws, options.DeltaPrime);
        limit = limit with { Value = Math.Min(limit.Value + Beyond, 1) };
        BoundResult bound = limit.Into(
            q => MaurerSeeger.Bound(q, candidate.Kl + LogLevels, split.Bound.Count, options.Delta));
        return new BoundResult(
            $"Certificate of the {loss}",
            bound.Value,
            BoundStatus.ConditionalBound,
            [
                new("q̂", mean),
                new("q̄", limit.Value),
                new("m·2⁻³²", Beyond),
                new("KL", candidate.Kl),
                new("log K", LogLevels),
                new("log ξ(n)/δ", bound.Term("log ξ(n)/δ")),
                new("(KL + log K + log ξ(n)/δ)/n", bound.Term("(KL + log ξ(n)/δ)/n")),
                new("N", draws),
                new("n", split.Bound.Count),
            ],
            [.. bound.Assumptions.Union(CertifyAssumptions.Of(session.Arena, options, draws: true))])
        {
            FailureProbability = bound.FailureProbability,
        };
    }

    /// <summary>
    /// The 0-1 loss by way of w₀'s: the binomial test of w₀ with δ/2, and the excess over it, of the values −1, 0 and 1, with the
    /// other half; δ′ is halved between the two shares that are drawn.
    /// </summary>
    private BoundResult Excess(Candidate candidate, GibbsLosses sample, int errors)
    {
        double n = sample.Looks, half = options.DeltaPrime / 2;
        double notBetter = Limit(1 - (sample.RightAlone / n)), worse = Limit(sample.WrongAlone / n);
        BoundResult excess = SplitKl.Bound(
            [-1, 0, 1], [notBetter, worse], candidate.Kl + LogLevels, split.Bound.Count, options.Delta / 2);
        BoundResult reference = BinomialTest.UpperLimit(errors, split.Bound.Count, options.Delta / 2);
        BoundResult bound = SplitKl.Recursive(reference, 1, excess);
        return bound with
        {
            Name = "Certificate of the 0-1 loss, by its excess over w₀'s",
            Assumptions = [.. bound.Assumptions.Union(CertifyAssumptions.Of(session.Arena, options, draws: true))],
            FailureProbability = options.Delta + options.DeltaPrime,
        };

        double Limit(double share) => Math.Min(MonteCarloRisk.UpperLimit(share, sample.Looks, half).Value + Beyond, 1);
    }

    /// <summary>One draw of w + u as a network by itself; left at the posterior's centre.</summary>
    private DrawnNetwork OneDraw(Candidate candidate)
    {
        Use(candidate);
        session.Noise.Draw(OneDrawStream, 0);
        float[] draw = new Kernels.Region(session.Noise.Weights).ToArray();
        double logRatio = LogLevels + TruncatedGaussian.LogRatio<float>(
            draw, candidate.Mean, candidate.Sigma, candidate.Kappa, candidate.PriorMean, candidate.PriorDeviation);
        session.Arena.Load(draw);
        GibbsLosses here = session.At(split.Bound);
        GibbsLosses? there = AtTest();
        session.Arena.Load(candidate.Mean);
        double delta = options.Delta + options.DeltaPrime;
        BoundResult bound = Beyond < delta / 2
            ? DisintegratedBound.Bound(here.ZeroOne, logRatio, split.Bound.Count, delta - Beyond)
            : DisintegratedBound.Bound(here.ZeroOne, double.PositiveInfinity, split.Bound.Count, delta);
        return new DrawnNetwork(
            bound with
            {
                Assumptions = [.. bound.Assumptions.Union(CertifyAssumptions.Of(session.Arena, options, draws: true))],
                FailureProbability = delta,
            },
            there?.ZeroOne ?? double.NaN,
            draw);
    }

    private void Use(Candidate candidate)
    {
        session.Arena.Load(candidate.Mean);
        session.Noise.Set(candidate.Sigma);
    }
}
