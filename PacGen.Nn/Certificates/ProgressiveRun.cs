using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PacGen.Core.Bounds;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>Trains stage after stage, each tested on the images that the next will learn from.</summary>
internal sealed class ProgressiveRun : IDisposable
{
    /// <summary>The streams of the run's random numbers: noise of the first training, of the stages' and of the
    /// control's rounds (one stream each).</summary>
    private const uint FirstStream = 0x6367_0000, StageStream = 0x6367_0001, ControlStream = 0x6368_0001;

    private readonly CertifyOptions options;
    private readonly Dataset data;
    private readonly int prior, guide;
    private readonly int[] order;
    private readonly CertifySession session;
    private readonly FolderClaim? claim;
    private readonly string form;

    public ProgressiveRun(
        Module model, Dataset data, CertifyOptions options, IProgress<CertifyProgress>? progress,
        CancellationToken cancellation)
    {
        (this.options, form) = (options, model.GetType().Name);
        prior = options.PriorImages(data.Train.Count);
        guide = Math.Max(1, prior / 5);
        if (prior < 2)
        {
            throw new ArgumentException(
                "Certify: a progressive certificate needs 2 images before the first stage, one to train on and one that says " +
                "which η to fix: raise the prior's part.");
        }

        order = DataSplit.Order(data.Train.Count, options.Seed);
        data = data with { Train = data.Train.Subset(order) };
        this.data = data.Train.Normalization is null || options.KeepNormalization ? data
            : data.Normalized(Normalization.Fit(data.Train.Take(prior - guide)));
        claim = options.Folder is { } path ? new FolderClaim(path) : null;
        try
        {
            session = new CertifySession(model, this.data, options, progress, cancellation);
        }
        catch
        {
            claim?.Dispose();
            throw;
        }
    }

    public ProgressiveCertificate Certify()
    {
        if (options.Folder is { } folder)
        {
            session.Training.Kept = new KeptTrainings(folder, options.FolderInterval, Settings());
        }

        int n = data.Train.Count - prior, first = prior - guide;
        double delta = options.Delta + options.DeltaPrime;

        // The first network has not seen the guide's images: its losses there say which η to fix before S₁ is looked at.
        Train(first, options.PriorEpochs, isFresh: true, options.PriorOptimizer ?? new Adam(1e-3), FirstStream);
        GibbsLosses guess = session.At(Part(first, guide));
        double etaOfErrors = SequentialBound.EtaFor(guess.ZeroOne, 0, n, delta);
        double etaOfEntropy = SequentialBound.EtaFor(guess.CrossEntropy, 0, n, delta);
        int[] starts = [.. Enumerable.Range(0, options.Stages + 1).Select(t => prior + (int)((long)n * t / options.Stages))];
        List<Tested> networks = [];
        for (int stage = 0; stage < options.Stages; stage++)
        {
            Train(
                starts[stage], options.PosteriorEpochs, isFresh: false, options.PosteriorOptimizer ?? new Adam(5e-4),
                StageStream + (uint)stage);

            // On its own part before anything learns from that; on the later ones, which it has not seen either, for the
            // posteriors of later stages and for tests of this network alone.
            networks.Add(new Tested(
                session.Arena.Save(), session.Arena.SaveState(), session.Training.Steps,
                [.. Enumerable.Range(stage, options.Stages - stage).Select(
                    part => session.At(Part(starts[part], starts[part + 1] - starts[part])))],
                session.At(data.Test)));
        }

        ProgressiveStage[] stages = Stages(networks, starts, etaOfErrors / n);
        double errors = 0, entropy = 0, kl = stages.Sum(stage => stage.Kl);
        for (int stage = 0; stage < stages.Length; stage++)
        {
            for (int s = 0; s <= stage; s++)
            {
                errors += stages[stage].Posterior[s] * stages[s].ErrorsByPart[stage - s];
                entropy += stages[stage].Posterior[s] * stages[s].CrossEntropyByPart[stage - s] * stages[stage].Images;
            }
        }

        return new ProgressiveCertificate
        {
            ZeroOne = Named(SequentialBound.Bound(Math.Min(errors / n, 1), kl, n, delta, etaOfErrors), "0-1 loss"),
            CrossEntropy = Named(
                SequentialBound.Bound(Math.Min(entropy / n, 1), kl, n, delta, etaOfEntropy), "bounded cross-entropy"),
            Stages = stages,
            HeldOut = TestFrom(stages, 0, delta),
            BestStage = BestStage(stages, delta),
            Control = options.Control ? Control(networks[0], starts, delta) : null,
            StageMemory = options.StageMemory,
            OrderHash = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<int>(order))),
            GuideImages = guide,
            GuideLoss = guess.ZeroOne,
            GuideCrossEntropy = guess.CrossEntropy,
            PriorImages = prior,
            TestImages = data.Test.Count,
            SmallestProbability = options.SmallestProbability,
            Normalization = data.Train.Normalization,
        };
    }

    public void Dispose()
    {
        session.Dispose();
        claim?.Dispose();
    }

    /// <summary>What decides the bits of all trainings, beside what each one's plan says.</summary>
    private SortedDictionary<string, string> Settings()
    {
        using InvariantCulture invariant = new();
        return new(StringComparer.Ordinal)
        {
            ["model"] = $"{form} of {session.Arena.Count} parameters",
            ["first weights"] = $"SHA-256 {ProgressiveStage.HashOf(session.Arena.Save(), session.Arena.SaveState())[..16]}…",
            ["dataset"] = $"{data.Name}, {data.Train.Count} + {data.Test.Count} {data.Train.Noun}, SHA-256 {data.Fingerprint()}…",
            [RunSettings.Normalization] = data.Train.Normalization?.ToText() ?? "none",
            ["images before the stages"] = $"{prior}",
            ["parts of a batch"] = $"{options.Parts}",
            ["noise"] = $"{options.Neighborhood}, η {Eta}, at most {options.PriorDeviations?.Min() ?? double.PositiveInfinity}",
            ["p_min"] = $"{options.SmallestProbability}",
        };
    }

    /// <summary>η of the noise that is trained with.</summary>
    private double Eta => (options.Eta ?? (data.Train.Count - prior)) * options.PriorLevels.Min();

    private void Train(int count, int epochs, bool isFresh, Optimizer optimizer, uint stream)
    {
        if (epochs > 0)
        {
            session.Train(
                new TrainingPlan(
                    data.Train.Take(count), epochs, Math.Min(options.BatchSize, count), optimizer, options.Seed, stream)
                {
                    Augmentation = options.Augmentation,
                    BeforeEpoch = _ => { },
                },
                Eta,
                isFresh && !session.Arena.Parameters.Any(parameter => parameter.Initializer.IsStored),
                isFresh ? CertifyPhase.Prior : CertifyPhase.Posterior);
        }
    }

    private SampleSet Part(int start, int count) => data.Train.Subset([.. Enumerable.Range(start, count)]);

    private static int Errors(GibbsLosses losses) => (int)Math.Round(losses.ZeroOne * losses.Looks);

    /// <summary>
    /// The stages with their priors, π_t(s) ∝ rᵗ⁻ˢ over the networks so far, and posteriors ρ_t ∝ π_t·exp(−C·errors on part t).
    /// </summary>
    private ProgressiveStage[] Stages(List<Tested> networks, int[] starts, double c)
    {
        int count = networks.Count;
        double[] shares = new double[count];
        (double[] Prior, double[] Posterior)[] weights = new (double[], double[])[count];
        for (int stage = 0; stage < count; stage++)
        {
            double[] prior = [.. Enumerable.Range(0, stage + 1).Select(s => Math.Pow(options.StageMemory, stage - s))];
            double sum = prior.Sum();
            prior = Array.ConvertAll(prior, weight => weight / sum);
            double[] posterior = GibbsPosterior.Weights(
                prior, [.. Enumerable.Range(0, stage + 1).Select(s => (double)Errors(networks[s].Parts[stage - s]))], c);
            weights[stage] = (prior, posterior);
            for (int s = 0; s <= stage; s++)
            {
                shares[s] += posterior[s] * (starts[stage + 1] - starts[stage]) / (starts[^1] - starts[0]);
            }
        }

        return
        [
            .. networks.Select((network, stage) => new ProgressiveStage(
                starts[stage], starts[stage + 1] - starts[stage], Errors(network.Parts[0]), network.Parts[0].CrossEntropy,
                network.Test.ZeroOne, network.Test.CrossEntropy)
            {
                Weights = network.Weights,
                State = network.State,
                Steps = network.Steps,
                ErrorsByPart = [.. network.Parts.Select(Errors)],
                CrossEntropyByPart = [.. network.Parts.Select(part => part.CrossEntropy)],
                Prior = weights[stage].Prior,
                Posterior = weights[stage].Posterior,
                Kl = GibbsPosterior.Kl(weights[stage].Posterior, weights[stage].Prior),
                Share = shares[stage],
            }),
        ];
    }

    /// <summary>The exact test of a stage's network on its own part and all later ones.</summary>
    private static BoundResult TestFrom(ProgressiveStage[] stages, int stage, double delta) =>
        BinomialTest.UpperLimit(stages[stage].ErrorsByPart.Sum(), stages.Skip(stage).Sum(one => one.Images), delta);

    /// <summary>The least of the stages' exact tests, each with its share of δ.</summary>
    private static BoundResult BestStage(ProgressiveStage[] stages, double delta)
    {
        (BoundResult best, int at) = stages.Select((_, stage) => (TestFrom(stages, stage, delta / stages.Length), stage + 1))
            .MinBy(one => one.Item1.Value);
        return best with
        {
            Name = "Exact binomial test of the best stage",
            Terms = [.. best.Terms, new("stage", at), new("stages", stages.Length)],
            FailureProbability = delta,
        };
    }

    /// <summary>
    /// Trains the first stage's network on, on S₀ alone, in rounds that take at least as many steps as the stages' do.
    /// </summary>
    private ControlNetwork Control(Tested first, int[] starts, double delta)
    {
        session.Arena.Load(first.Weights);
        if (first.State.Length > 0)
        {
            session.Arena.LoadState(first.State);
        }

        int epochs = options.PriorEpochs + options.PosteriorEpochs;
        for (int stage = 1; stage < options.Stages; stage++)
        {
            int round = (int)(((options.PosteriorEpochs * (long)starts[stage]) + prior - 1) / prior);
            Train(
                prior, round, isFresh: false, options.PosteriorOptimizer ?? new Adam(5e-4), ControlStream + (uint)stage);
            epochs += round;
        }

        int n = starts[^1] - starts[0];
        return new ControlNetwork(
            BinomialTest.UpperLimit(Errors(session.At(Part(prior, n))), n, delta), epochs, session.At(data.Test).ZeroOne,
            session.Arena.Save());
    }

    private BoundResult Named(BoundResult bound, string loss) => bound with
    {
        Name = $"Progressive certificate of the {loss}",
        Assumptions = [.. bound.Assumptions.Union(CertifyAssumptions.Of(session.Arena, options, draws: false))],
    };

    /// <summary>A network with its losses on its own part of S₁ and each later one, and on the test set.</summary>
    private sealed record Tested(float[] Weights, float[] State, long Steps, GibbsLosses[] Parts, GibbsLosses Test);
}
