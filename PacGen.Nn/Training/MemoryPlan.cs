using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Works out what a run takes before it takes it, and refuses it where that is far more than is free.</summary>
/// <param name="model">The model.</param>
/// <param name="arena">Its parameters.</param>
/// <param name="data">The images.</param>
/// <param name="options">How the run trains.</param>
/// <param name="free">What was free on the device before the run took anything, in bytes, where it says.</param>
/// <param name="before">What was allocated on it then, in bytes.</param>
internal sealed class MemoryPlan(
    Module model, ParameterArena arena, Dataset data, TrainingOptions options, long? free, long before)
{
    /// <summary>Where the whole run takes more than this multiple of what is free, it is not begun.</summary>
    private const double MostOfFree = 1.25;

    private SampleForm Form => data.Train.Form;

    private Func<Tensor, Tensor, Tensor> Loss => options.LossOf(data);

    /// <summary>The sizes of batch, or of its parts, that training passes.</summary>
    private int[] TrainedSizes =>
        [.. Split(options.BatchSize, data.Train.Count).SelectMany(count => Split(Math.Min(options.PartSize, count), count))
            .Distinct()];

    /// <summary>
    /// Refuses a model whose weights, gradients, and training graphs with what their kernels keep, are by themselves far too
    /// large for what is free: before any memory is touched. Where the weights are few, there is nothing to find here.
    /// </summary>
    /// <exception cref="TrainingException">It is too large.</exception>
    public void RequireRoomForModel()
    {
        const int Few = 64;
        long weights = arena.Count * sizeof(float);
        if (free is not { } there || weights * Few < there)
        {
            return;
        }

        (long graphs, long kernels, long shared) = (0, 0, 0);
        if (2 * weights <= MostOfFree * there)
        {
            using BatchGraph pass = new(model, arena, arena.Weights, arena.Weights, Loss, Form, options.Seed);
            foreach (int size in TrainedSizes)
            {
                graphs += pass.Plan(size);
                kernels += pass.KernelBytes(size);
                shared = Math.Max(shared, pass.SharedBytes(size));
            }
        }

        RequireRoom(new MemoryEstimate(weights, weights, 0, graphs, kernels + shared, 0, 0, 0, free), 0);
    }

    /// <summary>
    /// Plans all graphs of the run, refuses it where they are far too large for what is free, and else compiles them.
    /// </summary>
    /// <exception cref="TrainingException">It is too large.</exception>
    public MemoryEstimate Compile(TrainingPipeline pipeline, EvaluationPass evaluation, StatisticsPass? statistics)
    {
        int[] evaluated =
            [.. new[] { data.Train, data.Test }.SelectMany(set => Split(evaluation.BatchOf(set), set.Count)).Distinct()];
        List<(BatchGraph Graph, int Size)> graphs =
        [
            .. TrainedSizes.Select(size => (pipeline.Graph, size)),
            .. evaluated.Select(size => (evaluation.Graph, size)),
            .. statistics is null ? [] : new[] { (statistics.Graph, options.PartSize) },
        ];
        long planned = graphs.Sum(one => one.Graph.Plan(one.Size));
        long shared = graphs.Max(one => one.Graph.SharedBytes(one.Size));
        long kernels = graphs.Sum(one => one.Graph.KernelBytes(one.Size)) + shared;
        long array = arena.Count * sizeof(float), score = 0;
        if (options.Score is { } scoring)
        {
            // Passes at w and at w + u, the gradient, h at both, and w + u.
            using BatchGraph pass = new(model, arena, arena.Weights, pipeline.Gradients, Loss, Form, null);
            int arrays = 4 + (scoring.Part < scoring.BatchSize ? 1 : 0) + (scoring.Curvature == CurvatureSource.Training ? 1 : 0);
            score = (2 * (pass.Plan(scoring.Part) + pass.KernelBytes(scoring.Part))) + (arrays * array)
                + Math.Max(0, pass.SharedBytes(scoring.Part) - shared);
        }

        const int Loaded = 3;
        MemoryEstimate estimate = new(
            array + ((arena.State?.Count ?? 0) * sizeof(float)) + (pipeline.States?.Bytes ?? 0),
            array + pipeline.AccumulationBytes,
            pipeline.Session.Bytes + (pipeline.Average?.Bytes ?? 0),
            planned,
            kernels,
            score,
            (Loaded + options.Threads(data) - 1) * (long)options.BatchSize
                * (data.Train.SampleSize + data.Train.Target.Width)
                * sizeof(float),
            data.Train.Bytes + data.Test.Bytes,
            free);
        RequireRoom(estimate, arena.Device is CpuDevice ? estimate.Batches : 0);
        graphs.ForEach(one => one.Graph.For(one.Size));
        return estimate with { Kernels = arena.Device.AllocatedBytes - before - (estimate.Total - score - kernels) };
    }

    private void RequireRoom(MemoryEstimate estimate, long onHost)
    {
        if (estimate.Free is { } there && estimate.Total + onHost > MostOfFree * there)
        {
            throw new TrainingException(
                $"The run takes {estimate}. That doesn't fit on {arena.Device.Name}: lower the batch size, or pass each batch " +
                    $"in parts (accumulate gradients), or take a smaller model.");
        }
    }

    private static int[] Split(int size, int count) => count % size == 0 ? [size] : [size, count % size];
}
