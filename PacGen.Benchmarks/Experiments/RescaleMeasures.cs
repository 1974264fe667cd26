using PacGen.Core.Bounds;
using PacGen.Nn;

namespace PacGen.Benchmarks.Experiments;

/// <summary>Computes a <see cref="RescalePoint"/> for each α, always from the same trained weights.</summary>
internal sealed class RescaleMeasures : IDisposable
{
    private const int Pairs = 4, Products = 12;
    private readonly Mlp model;
    private readonly ParameterArena arena;
    private readonly SampleSet images;
    private readonly RescaleSettings settings;
    private readonly float[] trained;
    private readonly Func<float[]> outputs;
    private readonly float[] unchanged;
    private readonly EmpiricalLoss entropy, bounded;
    private readonly Tau uniformTau;
    private readonly double gaussianTau;

    private readonly IReadOnlyList<double> alphas;

    public RescaleMeasures(
        Mlp model, ParameterArena arena, SampleSet images, Func<float[]> outputs, IReadOnlyList<double> alphas,
            RescaleSettings settings)
    {
        this.alphas = alphas;
        this.model = model;
        this.arena = arena;
        this.images = images;
        this.settings = settings;
        this.outputs = outputs;
        trained = arena.Save();
        unchanged = outputs();
        int batch = Math.Min(images.Count, 2048);
        entropy = new EmpiricalLoss(model, arena, images, Loss.CrossEntropy, batch);
        bounded = new EmpiricalLoss(model, arena, images, BoundedLoss, batch);

        // A prior that is the same for all α: wide enough for the largest weights of any.
        double reach = 0, squares = 0;
        foreach (double alpha in alphas)
        {
            float[] weights = Move(alpha);
            reach = Math.Max(reach, weights.Max(weight => Math.Abs((double)weight) + settings.Neighborhood.Kappa(weight)));
            squares = Math.Max(squares, weights.Sum(weight => (double)weight * weight));
        }

        Move(1);
        uniformTau = Tau.Fixed(reach * (1 + 1e-6));
        gaussianTau = squares / trained.Length;
    }

    /// <summary>τ of the uniform prior: the largest |w| + κ at any α.</summary>
    public double UniformTau => uniformTau.Value;

    /// <summary>τ of the Gaussian prior, its variance: the largest mean of w² at any α.</summary>
    public double GaussianTau => gaussianTau;

    /// <summary>m.</summary>
    public int Parameters => trained.Length;

    /// <summary>n.</summary>
    public int Images => images.Count;

    /// <summary>η of the bounds, the same at all α: √(mn), as (15) has it.</summary>
    public double Eta => UniformBound.Theorem7Eta(trained.Length, images.Count);

    /// <summary>Measures at all α, 1 first, to which everything is relative.</summary>
    /// <param name="onPoint">Called after each with the number of those that are done.</param>
    /// <param name="cancellation">Stops; what is done is kept.</param>
    /// <returns>The points by α: all, or where it was stopped at least one.</returns>
    /// <exception cref="OperationCanceledException">It was stopped before there was one.</exception>
    public List<RescalePoint> AtAll(Action<RescalePoint, int> onPoint, CancellationToken cancellation)
    {
        List<RescalePoint> points = [];
        try
        {
            foreach (double alpha in alphas.OrderBy(alpha => alpha != 1))
            {
                points.Add(At(alpha, cancellation));
                onPoint(points[^1], points.Count);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested && points.Count > 0)
        {
        }

        points.Sort((a, b) => a.Alpha.CompareTo(b.Alpha));
        return points;
    }

    /// <summary>Measures at an α.</summary>
    public RescalePoint At(double alpha, CancellationToken cancellation)
    {
        float[] weights = Move(alpha);
        PacGenScore score = PacGenScorer.Measure(entropy, settings.Score, null, cancellation);
        PacGenScore boundedScore = PacGenScorer.Measure(bounded, settings.Score, null, cancellation);
        LocalHessianLipschitz sampled = HessianLipschitzSampler.Measure(
            bounded,
            new HessianLipschitzOptions
            {
                Neighborhood = settings.Neighborhood,
                Pairs = Pairs,
                Products = Products,
                Seed = settings.Seed,
            },
            null,
            cancellation);
        HessianDiagonal diagonal = HessianDiagonalEstimator.Measure(
            bounded,
            new HessianDiagonalOptions
            {
                LargestExact = RescaleSettings.LargestExact,
                Draws = RescaleSettings.DiagonalDraws,
                Seed = settings.Seed,
            },
            null,
            cancellation);
        double[] convex = [.. diagonal.Entries.Select(value => Math.Max(value, 0))];
        double[] w = [.. weights.Select(value => (double)value)];
        bounded.MoveToWeights();
        BoundSample sample = new(Math.Clamp(bounded.Value(cancellation), 0, 1), images.Count, settings.Delta);
        LocalSmoothness median = new(boundedScore.Rho, settings.Neighborhood), lower = median with { Rho = sampled.Rho };
        ExtremeEigenvalues ends = Lanczos.Measure(entropy, new LanczosOptions { Seed = settings.Seed }, null, cancellation);
        HessianMoments moments = Hutchinson.Measure(
            entropy, new HutchinsonOptions { Draws = settings.Draws, Seed = settings.Seed }, null, cancellation);
        KeskarOptions keskar = new() { Epsilon = settings.BoxEpsilon, Seed = settings.Seed, RandomStarts = 1, CornerStarts = 1 };
        KeskarSharpness full = KeskarAscent.Measure(entropy, keskar, null, cancellation);
        KeskarSharpness subspace = KeskarAscent.Measure(
            entropy, keskar with { Directions = settings.Directions }, null, cancellation);
        ExpectedSharpness expected = ExpectedSharpnessSampler.Measure(
            entropy,
            new ExpectedLossOptions { Sigma = settings.Sigma, Draws = settings.Draws, Antithetic = true, Seed = settings.Seed },
            null,
            cancellation);
        double change = outputs().Zip(unchanged, (now, before) => Math.Abs(now - before)).Max() / unchanged.Max(Math.Abs);
        return new RescalePoint(
            alpha, change, score, boundedScore.Rho, sampled.Rho, Six(uniformTau), Six(Tau.OfWeights()), Eight(), ends, moments,
            full.Value, subspace.Value, expected, diagonal.NegativeShare);

        RescaleBound Six(Tau tau)
        {
            UniformBoundSums sums = UniformBound.Sums<double>(median, Eta, w, convex, tau);
            return new(UniformBound.Lemma6(sample, sums).Value,
                UniformBound.Lemma6<double>(sample, Eta, lower, w, convex, tau).Value, sums.Kl);
        }

        RescaleBound Eight()
        {
            GaussianBoundSums sums = GaussianBound.Sums<double>(median, Eta, w, convex, gaussianTau);
            return new(GaussianBound.Lemma8(sample, sums).Value,
                GaussianBound.Lemma8<double>(sample, Eta, lower, w, convex, gaussianTau).Value, sums.Kl);
        }
    }

    public void Dispose()
    {
        entropy.Dispose();
        bounded.Dispose();
    }

    private Tensor BoundedLoss(Tensor logits, Tensor labels) =>
        Loss.BoundedCrossEntropy(logits, labels, settings.SmallestProbability, smooth: true);

    private float[] Move(double alpha)
    {
        arena.Load(trained);
        model.Rescale(alpha);
        return arena.Save();
    }
}
