using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Kernels.Devices;
using PacGen.Kernels.PerParameter;
using PacGen.Nn.Data;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

/// <summary>
/// The pacGen score Ψ (24) of a network: Σ log((|w|+κ)·max(√(h + ρ√m·κ), 1/κ)), κ = γ|w| + ε. It ranks networks of the same
/// architecture on the same data (smaller is better); it is a score, not a bound, and certifies nothing: (24) drops η and
/// constants of (14), and takes τ = |w| + κ from the trained weights.
/// </summary>
public sealed record PacGenScore
{
    /// <summary>The stream of the run's random numbers that perturbs weights for ρ(w*): "rho*" in ASCII.</summary>
    private const uint RhoStream = 0x7268_6F2A;

    /// <summary>Ψ, the mean over the draws of u.</summary>
    public required double Psi { get; init; }

    /// <summary>The standard deviation of Ψ over the draws; 0 for one draw.</summary>
    public required double PsiSpread { get; init; }

    /// <summary>ρ(w*), the mean over the draws, by <see cref="Estimator"/>.</summary>
    public required double Rho { get; init; }

    /// <summary>The standard deviation of ρ over the draws; 0 for one draw.</summary>
    public required double RhoSpread { get; init; }

    /// <summary>How ρ was estimated.</summary>
    public required RhoEstimator Estimator { get; init; }

    /// <summary>ρ of each draw by each estimator.</summary>
    public required IReadOnlyDictionary<RhoEstimator, IReadOnlyList<double>> RhoDraws { get; init; }

    /// <summary>Ψ's first part: Σ log(|w| + κ).</summary>
    public required double LogScale { get; init; }

    /// <summary>Ψ's second part: Σ log max(√(h + ρ√m·κ), 1/κ), the mean over the draws.</summary>
    public double LogCurvature => Psi - LogScale;

    /// <summary>The share of weights for which 1/κ is the larger branch: where it is near 1, Ψ is a function of |w| alone.</summary>
    public required double KappaShare { get; init; }

    /// <summary>m, the number of parameters.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>γ of κ.</summary>
    public required double Gamma { get; init; }

    /// <summary>ε of κ.</summary>
    public required double Epsilon { get; init; }

    /// <summary>Where h came from.</summary>
    public required CurvatureSource Curvature { get; init; }

    /// <summary>How many images the passes saw.</summary>
    public required int Images { get; init; }

    /// <summary>Images in each mini-batch whose gradient was squared.</summary>
    public required int BatchSize { get; init; }

    /// <summary>How many perturbations were drawn.</summary>
    public int Draws => RhoDraws[Estimator].Count;

    /// <summary>Each parameter's part.</summary>
    public required IReadOnlyList<LayerScore> Layers { get; init; }

    /// <summary>Scores a network.</summary>
    /// <param name="model">The network.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="images">The training images.</param>
    /// <param name="loss">The loss of a batch from the model's output and the labels.</param>
    /// <param name="options">How to score; defaults without it.</param>
    /// <param name="trainingSecondMoment">h of training, for <see cref="CurvatureSource.Training"/>.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The score, or null where it was cancelled.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or h of training is asked for and there is none.</exception>
    /// <exception cref="TrainingException">The weights, the state or the score are not finite: the network has diverged.</exception>
    public static PacGenScore? Compute(
        Module model,
        ParameterArena arena,
        ImageSet images,
        Func<Tensor, Tensor, Tensor>? loss = null,
        ScoreOptions? options = null,
        Buffer? trainingSecondMoment = null,
        CancellationToken cancellation = default) =>
        ComputeAll(model, arena, images, loss, options, trainingSecondMoment, cancellation)?[(options ?? new ScoreOptions()).Rho];

    /// <summary>Scores a network by all estimators of ρ from the same passes and draws; otherwise as <see cref="Compute"/>.</summary>
    /// <returns>A score for each estimator, or null where it was cancelled.</returns>
    public static IReadOnlyDictionary<RhoEstimator, PacGenScore>? ComputeAll(
        Module model,
        ParameterArena arena,
        ImageSet images,
        Func<Tensor, Tensor, Tensor>? loss = null,
        ScoreOptions? options = null,
        Buffer? trainingSecondMoment = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentNullException.ThrowIfNull(images);
        options ??= new ScoreOptions();
        options.Validate(images.Count);
        if (options.Curvature == CurvatureSource.Training && trainingSecondMoment is null)
        {
            throw new ArgumentException("Score: h of training is asked for, but this optimizer keeps none: use Adam or a perturbed optimizer, or take h from a pass.");
        }

        arena.RequireFinite("The score can't be computed");
        using Passes passes = new(model, arena, images, loss ?? Loss.CrossEntropy, options);
        using Buffer before = arena.Device.Allocate(arena.Count), after = arena.Device.Allocate(arena.Count), moved = arena.Device.Allocate(arena.Count);
        if (!passes.SecondMoment(arena.Weights, before, cancellation))
        {
            return null;
        }

        Region weights = new(arena.Weights);
        Buffer curvature = options.Curvature == CurvatureSource.Training ? trainingSecondMoment! : before;
        using PerturbLaunch perturb = PerturbLaunch.Create<UniformNoise>(arena.Device, weights, new Region(before), new Region(before), new Region(moved));
        using SumLaunch<PerturbSettings> change = SumLaunch<PerturbSettings>.Create<CurvatureChangeTerm>(arena.Device, weights, new Region(before), new Region(after));
        Dictionary<RhoEstimator, List<double>> rhos = Enum.GetValues<RhoEstimator>().ToDictionary(estimator => estimator, _ => new List<double>());
        for (int draw = 0; draw < options.Draws; draw++)
        {
            perturb.Settings = PerturbSettings.WholeNeighbourhood(options.Gamma, options.Epsilon, options.Seed, RhoStream, (uint)draw);
            perturb.Run();
            if (!passes.SecondMoment(moved, after, cancellation))
            {
                return null;
            }

            change.Settings = perturb.Settings;
            change.Run();
            (double scaledChange, double squaredPerturbation, double largestRatio, double largestChange) = change.Result;
            if (!double.IsFinite(scaledChange) || !double.IsFinite(largestRatio))
            {
                throw new TrainingException(
                    "The score can't be computed: weights or gradients of the network, or of the network perturbed within κ, are not finite. Train with a lower learning rate, or score with a smaller γ or ε.");
            }

            rhos[RhoEstimator.Median].Add(scaledChange / Math.Log(2));
            rhos[RhoEstimator.Published].Add(largestRatio);
            rhos[RhoEstimator.Definition3].Add(largestChange / Math.Sqrt(squaredPerturbation));
        }

        using Sums sums = new(arena, curvature);
        double scale = LogScaleOf(arena, options);
        return rhos.ToDictionary(pair => pair.Key, pair => Of(pair.Key, pair.Value, sums, options) with
        {
            LogScale = scale,
            Images = passes.Images,
            RhoDraws = rhos.ToDictionary(draws => draws.Key, draws => (IReadOnlyList<double>)draws.Value),
        });
    }

    private static PacGenScore Of(RhoEstimator estimator, List<double> rhos, Sums sums, ScoreOptions options)
    {
        double[] psis = new double[rhos.Count];
        double[] layerPsi = new double[sums.Layers.Length], layerKappa = new double[sums.Layers.Length];
        double kappaCount = 0;
        for (int draw = 0; draw < psis.Length; draw++)
        {
            PsiSettings settings = PsiSettings.Of(options.Gamma, options.Epsilon, rhos[draw], sums.Arena.Count);
            sums.Whole.Settings = settings;
            sums.Whole.Run();
            (psis[draw], double count, _, _) = sums.Whole.Result;
            kappaCount += count / psis.Length;
            for (int i = 0; i < layerPsi.Length; i++)
            {
                sums.Layers[i].Settings = settings;
                sums.Layers[i].Run();
                (double layer, double inKappa, _, _) = sums.Layers[i].Result;
                layerPsi[i] += layer / psis.Length;
                layerKappa[i] += inKappa / psis.Length;
            }
        }

        (double psi, double psiSpread) = MeanAndSpread(psis);
        (double rho, double rhoSpread) = MeanAndSpread(rhos);
        return !double.IsFinite(psi)
            ? throw new TrainingException($"Ψ is {psi} (ρ = {rho}): κ is too small or h too large for single precision; score with a larger ε.")
            : new PacGenScore
            {
                Psi = psi,
                PsiSpread = psiSpread,
                Rho = rho,
                RhoSpread = rhoSpread,
                Estimator = estimator,
                RhoDraws = new Dictionary<RhoEstimator, IReadOnlyList<double>>(),
                LogScale = 0,
                KappaShare = kappaCount / sums.Arena.Count,
                ParameterCount = sums.Arena.Count,
                Gamma = options.Gamma,
                Epsilon = options.Epsilon,
                Curvature = options.Curvature,
                Images = 0,
                BatchSize = options.BatchSize,
                Layers = [.. sums.Arena.Parameters.Select((parameter, i) => new LayerScore(
                    parameter.Name, parameter.Shape.Count, layerPsi[i], sums.MeanCurvature[i], layerKappa[i] / parameter.Shape.Count))],
            };
    }

    private static double LogScaleOf(ParameterArena arena, ScoreOptions options)
    {
        float[] weights = arena.Save();
        double sum = 0;
        foreach (float weight in weights)
        {
            sum += Math.Log((Math.Abs((double)weight) * (1 + options.Gamma)) + options.Epsilon);
        }

        return sum;
    }

    private static (double Mean, double Spread) MeanAndSpread(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        return (mean, values.Count < 2 ? 0 : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1)));
    }

    /// <summary>The sums of (24) over all parameters and over each, and the mean of each parameter's h.</summary>
    private sealed class Sums : IDisposable
    {
        public Sums(ParameterArena arena, Buffer curvature)
        {
            Arena = arena;
            Whole = SumLaunch<PsiSettings>.Create<PsiTerm>(arena.Device, new Region(arena.Weights), new Region(curvature));
            Layers = [.. arena.Parameters.Select((_, i) => SumLaunch<PsiSettings>.Create<PsiTerm>(arena.Device, arena.Segment(arena.Weights, i), arena.Segment(curvature, i)))];
            MeanCurvature = [.. arena.Parameters.Select((_, i) => arena.Segment(curvature, i).ToArray().Average(value => (double)value))];
        }

        public ParameterArena Arena { get; }

        public SumLaunch<PsiSettings> Whole { get; }

        public SumLaunch<PsiSettings>[] Layers { get; }

        public double[] MeanCurvature { get; }

        public void Dispose()
        {
            Whole.Dispose();
            Array.ForEach(Layers, layer => layer.Dispose());
        }
    }

    /// <summary>Passes over the same batches at different weights: h = the mean of the squared mini-batch gradients.</summary>
    private sealed class Passes : IDisposable
    {
        private readonly Module model;
        private readonly ParameterArena arena;
        private readonly Func<Tensor, Tensor, Tensor> loss;
        private readonly int[] image;
        private readonly BatchLoader loader;
        private readonly int batches;
        private readonly Buffer gradients;
        private readonly Dictionary<Buffer, BatchGraph> graphs = [];

        public Passes(Module model, ParameterArena arena, ImageSet images, Func<Tensor, Tensor, Tensor> loss, ScoreOptions options)
        {
            this.model = model;
            this.arena = arena;
            this.loss = loss;
            image = [images.Height, images.Width, images.Channels];
            loader = BatchLoader.Shuffled(images, options.BatchSize, options.Seed, dropLast: true);
            batches = (options.Images == 0 ? images.Count : options.Images) / options.BatchSize;
            Images = batches * options.BatchSize;
            gradients = arena.Device.Allocate(arena.Count);
        }

        public int Images { get; }

        public bool SecondMoment(Buffer weights, Buffer result, CancellationToken cancellation)
        {
            if (!graphs.TryGetValue(weights, out BatchGraph? graph))
            {
                graphs[weights] = graph = new BatchGraph(model, arena, weights, gradients, loss, image, null);
            }

            Shape shape = new(checked((int)arena.Count));
            Tensor h = Tensor.Input(shape, "h"), g = Tensor.Input(shape, "g");
            Tensor next = h + (g.Square() * (1f / batches));
            using CompiledGraph accumulate = CompiledGraph.Compile(arena.Device, [next], new Dictionary<Tensor, Region>
            {
                [h] = new(result),
                [g] = new(gradients),
                [next] = new(result),
            });
            result.Write(0, new float[arena.Count]);
            loader.Start(1);
            for (int batch = 0; batch < batches && loader.TryNext(out Batch images); batch++)
            {
                if (cancellation.IsCancellationRequested)
                {
                    return false;
                }

                graph.Run(images.Images, images.Labels);
                accumulate.Run();
            }

            return true;
        }

        public void Dispose()
        {
            foreach (BatchGraph graph in graphs.Values)
            {
                graph.Dispose();
            }

            gradients.Dispose();
            loader.Dispose();
        }
    }
}
