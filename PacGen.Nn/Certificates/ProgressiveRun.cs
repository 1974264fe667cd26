using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>Trains stage after stage, each tested on the images that the next will learn from.</summary>
internal sealed class ProgressiveRun : IDisposable
{
    /// <summary>The streams of the run's random numbers: noise of the first training, of the stages' (one stream each).</summary>
    private const uint FirstStream = 0x6367_0000, StageStream = 0x6367_0001;

    private readonly CertifyOptions options;
    private readonly Dataset data;
    private readonly int prior, guide;
    private readonly CertifySession session;

    public ProgressiveRun(
        Module model, Dataset data, CertifyOptions options, IProgress<CertifyProgress>? progress,
        CancellationToken cancellation)
    {
        this.options = options;
        prior = options.PriorImages(data.Train.Count);
        guide = Math.Max(1, prior / 5);
        if (prior < 2)
        {
            throw new ArgumentException(
                "Certify: a progressive certificate needs 2 images before the first stage, one to train on and one that says " +
                "which η to fix: raise the prior's part.");
        }

        int[] order = DataSplit.Order(data.Train.Count, options.Seed);
        data = data with { Train = data.Train.Subset(order) };
        this.data = data.Train.Normalization is null ? data
            : data.Normalized(Normalization.Fit(data.Train.Take(prior - guide)));
        session = new CertifySession(model, this.data, options, progress, cancellation);
    }

    public ProgressiveCertificate Certify()
    {
        int n = data.Train.Count - prior, first = prior - guide;
        double delta = options.Delta + options.DeltaPrime;

        // The first network has not seen the guide's images: its losses there say which η to fix before S₁ is looked at.
        Train(first, options.PriorEpochs, isFresh: true, options.PriorOptimizer ?? new Adam(1e-3), FirstStream);
        GibbsLosses guess = session.At(Part(first, guide));
        double etaOfErrors = SequentialBound.EtaFor(guess.ZeroOne, 0, n, delta);
        double etaOfEntropy = SequentialBound.EtaFor(guess.CrossEntropy, 0, n, delta);
        List<ProgressiveStage> stages = [];
        long errors = 0, errorsOfFirst = 0;
        double entropy = 0;
        for (int stage = 0, start = prior; stage < options.Stages; stage++)
        {
            int end = prior + (int)((long)n * (stage + 1) / options.Stages);
            Train(
                start, options.PosteriorEpochs, isFresh: false, options.PosteriorOptimizer ?? new Adam(5e-4),
                StageStream + (uint)stage);
            SampleSet next = Part(start, end - start);
            GibbsLosses here = session.At(next), test = session.At(data.Test);
            if (stage == 0)
            {
                errorsOfFirst = Errors(session.At(Part(prior, n)));
            }

            stages.Add(new ProgressiveStage(
                start, next.Count, (int)Errors(here), here.CrossEntropy, test.ZeroOne, test.CrossEntropy)
            {
                Weights = session.Arena.Save(),
                State = session.Arena.SaveState(),
            });
            errors += stages[^1].Errors;
            entropy += here.CrossEntropy * next.Count;
            start = end;
        }

        return new ProgressiveCertificate
        {
            ZeroOne = Named(SequentialBound.Bound((double)errors / n, 0, n, delta, etaOfErrors), "0-1 loss"),
            CrossEntropy = Named(
                SequentialBound.Bound(Math.Min(entropy / n, 1), 0, n, delta, etaOfEntropy), "bounded cross-entropy"),
            Stages = stages,
            HeldOut = BinomialTest.UpperLimit(errorsOfFirst, n, delta),
            GuideImages = guide,
            GuideLoss = guess.ZeroOne,
            GuideCrossEntropy = guess.CrossEntropy,
            PriorImages = prior,
            TestImages = data.Test.Count,
            SmallestProbability = options.SmallestProbability,
            Normalization = data.Train.Normalization,
        };
    }

    public void Dispose() => session?.Dispose();

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
                (options.Eta ?? (data.Train.Count - prior)) * options.PriorLevels.Min(),
                isFresh && !session.Arena.Parameters.Any(parameter => parameter.Initializer.IsStored),
                isFresh ? CertifyPhase.Prior : CertifyPhase.Posterior);
        }
    }

    private SampleSet Part(int start, int count) => data.Train.Subset([.. Enumerable.Range(start, count)]);

    private static long Errors(GibbsLosses losses) => (long)Math.Round(losses.ZeroOne * losses.Looks);

    private BoundResult Named(BoundResult bound, string loss) => bound with
    {
        Name = $"Progressive certificate of the {loss}",
        Assumptions = [.. bound.Assumptions.Union(CertifyAssumptions.Of(session.Arena, draws: false))],
    };
}
