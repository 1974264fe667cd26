using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Measures the diagonal of ∇²L̂, or of another curvature matrix, at a network's weights: exactly where the network is small.
/// Else by <see cref="Hutchinson"/>, or, for the Gauss–Newton matrix of the cross-entropy and the empirical Fisher matrix, by
/// squares of random roots (Martens and others 2012, <see href="https://arxiv.org/abs/1206.6464">arXiv 1206.6464</see>), a
/// gradient's cost each, of which none is negative.
/// </summary>
public static class HessianDiagonalEstimator
{
    /// <summary>Measures the diagonal.</summary>
    /// <param name="subject">L̂ of the network; left at its weights.</param>
    /// <param name="options">Up to which size exactly, and how beyond; defaults without it.</param>
    /// <param name="progress">Notified from time to time.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The diagonal in the arena's layout, and how exact it is.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static HessianDiagonal Measure(
        EmpiricalLoss subject, HessianDiagonalOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new HessianDiagonalOptions();
        options.Validate();
        if (subject.Count > options.LargestExact)
        {
            if (CurvatureRoot.Exists(options.Matrix, subject.Loss))
            {
                return Squares(subject, options, progress, cancellation);
            }

            HutchinsonOptions draws = new() { Matrix = options.Matrix, Draws = options.Draws, Seed = options.Seed };
            HessianMoments moments = Hutchinson.Measure(subject, draws, progress, cancellation);
            return new HessianDiagonal
            {
                Value = moments.Value,
                Uncertainty = moments.Uncertainty,
                Cost = moments.Cost,
                Entries = moments.Diagonal,
                IsExact = false,
                Matrix = options.Matrix,
                Layers = moments.Layers,
            };
        }

        PassCost before = subject.Cost;
        subject.MoveToWeights();
        double[] diagonal = new double[subject.Count];
        Exact(subject, options.Matrix, diagonal, progress, cancellation);
        double sum = diagonal.Sum();
        return new HessianDiagonal
        {
            Value = sum,
            Uncertainty = Uncertainty.Rounding(sum),
            Cost = subject.Cost - before,
            Entries = diagonal,
            IsExact = true,
            Matrix = options.Matrix,
            Layers = Layer.Values(subject.Arena, layer => layer.Sum(diagonal)),
        };
    }

    /// <summary>The diagonal at the subject's point, a product an entry.</summary>
    internal static void Exact(
        EmpiricalLoss subject, CurvatureMatrix matrix, Span<double> diagonal, IProgress<MeasureProgress>? progress,
        CancellationToken cancellation)
    {
        const int Reported = 64;
        ProductBlock block = new(subject, subject.Count);
        for (int first = 0; first < subject.Count; first += block.Count)
        {
            int count = Math.Min(block.Count, subject.Count - first);
            block.Multiply(
                matrix, count,
                (v, i) =>
                {
                    Array.Clear(v);
                    v[first + i] = 1;
                },
                cancellation);
            int done = first;
            foreach ((_, double[] product) in block.Results)
            {
                diagonal[done] = product[done];
                done++;
            }

            if (done / Reported > first / Reported || done == subject.Count)
            {
                progress?.Report(new MeasureProgress("diagonal", done, subject.Count));
            }
        }
    }

    private static HessianDiagonal Squares(
        EmpiricalLoss subject, HessianDiagonalOptions options, IProgress<MeasureProgress>? progress,
        CancellationToken cancellation)
    {
        ParameterArena arena = subject.Arena;
        arena.RequireFinite("The loss has no measures");
        LabelCheck.Require(subject.Model, subject.Loss, subject.Images, "The images");
        int batchSize = Math.Min(options.RootBatchSize, subject.Images.Count);
        using CurvatureRoot root = new(arena.Device, options.Matrix, subject.Loss, options.Seed, batchSize);
        using SecondMomentPass pass = new(subject.Model, arena, subject.Loss, batchSize, batchSize, root);
        using BatchLoader loader = BatchLoader.Shuffled(subject.Images, batchSize, options.Seed, dropLast: true);
        using DeviceBuffer squares = arena.Device.Allocate(arena.Count);
        double[] diagonal = new double[arena.Count];
        List<double> sums = [];
        int batches = subject.Images.Count / batchSize;
        for (int draw = 0; draw < options.Draws; draw++)
        {
            pass.Run(arena.Weights, squares, loader, batches, cancellation, draw * batches);
            float[] found = new Region(squares).ToArray();
            double sum = 0;
            for (int i = 0; i < found.Length; i++)
            {
                sum += float.IsFinite(found[i]) ? found[i] : throw new TrainingException(
                    $"A derivative of the loss is {found[i]} at these weights: they have diverged.");
                diagonal[i] += (double)found[i] / options.Draws;
            }

            sums.Add(sum);
            progress?.Report(new MeasureProgress("diagonal", draw + 1, options.Draws));
        }

        PassCost cost = new(0, (double)options.Draws * batches * batchSize / subject.Images.Count, 0);
        subject.Cost += cost;
        MeanEstimate mean = MeanEstimate.Of(sums);
        return new HessianDiagonal
        {
            Value = mean.Value,
            Uncertainty = mean.Draws > 1 ? Uncertainty.Of(mean)
                : new Uncertainty(double.NaN, double.NaN, "one pass of squares"),
            Cost = cost,
            Entries = diagonal,
            IsExact = false,
            Matrix = options.Matrix,
            Layers = Layer.Values(arena, layer => layer.Sum(diagonal)),
        };
    }
}
