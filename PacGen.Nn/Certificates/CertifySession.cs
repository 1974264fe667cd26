using PacGen.Core.Bounds;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>What a certification works with: the network's weights, noise, training, and passes for its losses.</summary>
internal sealed class CertifySession : IDisposable
{
    /// <summary>How many images give h while training.</summary>
    private const int TrainingCurvatureImages = 2048;

    private readonly CertifyOptions options;
    private readonly IProgress<CertifyProgress>? progress;

    /// <param name="model">The network.</param>
    /// <param name="data">The images, normalised as the network sees them.</param>
    /// <param name="options">How to certify.</param>
    /// <param name="progress">Notified some times a second.</param>
    /// <param name="cancellation">Stops.</param>
    public CertifySession(
        Module model, Dataset data, CertifyOptions options, IProgress<CertifyProgress>? progress, CancellationToken cancellation)
    {
        (this.options, this.progress, Cancellation) = (options, progress, cancellation);
        Bounded = new BoundedCrossEntropy(options.SmallestProbability);
        try
        {
            Arena = new ParameterArena(model, options.Device ?? Device.Best(), options.Seed)
            {
                Parallel = new DataParallel(options.Parts, options.Communicator),
            };
            Noise = new NoisyWeights(Arena, options.Neighborhood, options.Seed);
            Training = new NoisyTraining(model, Arena, Noise, options.Seed);
            Losses = new GibbsLoss(model, Arena, Noise, data.Train.Form, Bounded);
            Plain = new EvaluationPass(model, Arena, data.Train, Loss.CrossEntropy, int.MaxValue);
            Plain.Graph.For(1);
            LabelCheck.Require(model, Loss.CrossEntropy, data, Plain.Graph.Classes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The bounded cross-entropy.</summary>
    public BoundedCrossEntropy Bounded { get; }

    /// <summary>w.</summary>
    public ParameterArena Arena { get; }

    /// <summary>w + u.</summary>
    public NoisyWeights Noise { get; }

    /// <summary>Training with the gradient at w + u.</summary>
    public NoisyTraining Training { get; }

    /// <summary>Losses at w + u, u drawn for each look.</summary>
    public GibbsLoss Losses { get; }

    /// <summary>Losses at w.</summary>
    public EvaluationPass Plain { get; }

    /// <summary>Stops the certification.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>The losses at w on some images.</summary>
    public GibbsLosses At(SampleSet images) => Plain.Losses(images, Bounded, Cancellation);

    /// <summary>Trains from the present weights with noise of σ* for an η; no more than the least of a prior's given
    /// deviations.</summary>
    /// <param name="plan">How.</param>
    /// <param name="etaOfLevel">η, times a level.</param>
    /// <param name="isFresh">Whether the weights are first ones, which have no curvature worth the name.</param>
    /// <param name="phase">What to tell.</param>
    public void Train(TrainingPlan plan, double etaOfLevel, bool isFresh, CertifyPhase phase) => Training.Run(
        plan with
        {
            BeforeEpoch = epoch => Noise.Set(
                isFresh && epoch == 1 ? new float[Arena.Count]
                    : Array.ConvertAll(
                        Sigma(Curvature(Some(plan.Images)), etaOfLevel, null),
                        sigma => Math.Min(sigma, (float)(options.PriorDeviations?.Min() ?? double.PositiveInfinity)))),
        },
        Tell(phase),
        Cancellation);

    /// <summary>σ* at the present weights.</summary>
    public float[] Sigma(double[] curvature, double etaOfLevel, float[]? priorDeviation) =>
        PosteriorLevel.Sigma(Arena.Save(), curvature, etaOfLevel, priorDeviation, options.Neighborhood);

    /// <summary>h of the bounded cross-entropy at the present weights.</summary>
    public double[] Curvature(SampleSet images) =>
        Array.ConvertAll(
            Training.Curvature(images, Math.Min(options.BatchSize, images.Count), Cancellation), h => h / Bounded.Scale);

    /// <summary>As many images as give h while training.</summary>
    public static SampleSet Some(SampleSet images) => images.Take(Math.Min(TrainingCurvatureImages, images.Count));

    /// <summary>What reports a phase.</summary>
    public Action<long, long, double, TimeSpan>? Tell(CertifyPhase phase) =>
        progress is null ? null : (done, total, loss, left) =>
            progress.Report(new CertifyProgress(phase, done, total, loss, left));

    /// <inheritdoc/>
    public void Dispose()
    {
        // From the constructor too, where the later ones may not exist yet.
        Plain?.Dispose();
        Losses?.Dispose();
        Training?.Dispose();
        Noise?.Dispose();
        Arena?.Dispose();
    }
}
