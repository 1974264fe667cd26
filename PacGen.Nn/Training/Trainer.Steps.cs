using PacGen.Kernels.Devices;
using PacGen.Kernels.PerParameter;
using PacGen.Nn.Data;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

// One step, what it takes, and what is said where it fails.
public sealed partial class Trainer
{
    /// <summary>Where the whole run takes more than this multiple of what is free, it is not begun.</summary>
    private const double MostOfFree = 1.25;

    /// <summary>One step, and its outcome. It allocates nothing managed.</summary>
    /// <returns>The batch's mean loss at the weights that the pass ran with.</returns>
    /// <exception cref="TrainingException">The loss, the gradient or the updated weights are not finite.</exception>
    internal float Step(in Batch batch, int epoch, double rate)
    {
        Begin(batch, epoch, rate);
        return Settle().Loss;
    }

    /// <summary>Perturbs, passes the batch and updates: on a GPU this only enqueues.</summary>
    private void Begin(in Batch batch, int epoch, double rate)
    {
        long step = Steps + underWay.Count;

        // A limit that no norm exceeds: the gradient is looked at before it changes anything.
        session.Begin(epoch, rate, options.ClipNorm ?? double.PositiveInfinity);
        underWay.Enqueue(new StepUnderWay(epoch, batch.Index, batch.Count, rate, 0));
        if (accumulation is null && training.TryRunStep(batch.Images, batch.Labels, step, session))
        {
            return;
        }

        session.Perturb(epoch);
        bool isFinite = true;
        do
        {
            for (int part = 0; isFinite && part * PartSize < batch.Count; part++)
            {
                RunPart(batch, part, step, out double share);
                isFinite = session.Observe(training.LossRegion, share, first: part == 0);
                accumulation?.Add(share, first: part == 0);
            }
        }
        while (isFinite && session.TryNextPoint());

        session.Submit();
    }

    /// <summary>The oldest step under way, with its loss.</summary>
    /// <exception cref="TrainingException">It failed; those behind it changed nothing.</exception>
    private StepUnderWay Settle()
    {
        StepUnderWay step = underWay.Dequeue();
        StepOutcome outcome = session.Take();
        float loss = (float)outcome.Loss;
        if (outcome.End != StepEnd.Done)
        {
            underWay.Clear();
            throw outcome.End switch
            {
                StepEnd.LossNotFinite => Diverged($"The loss became {loss}", step),
                StepEnd.WeightsLost => Lost(step),
                _ => Diverged("The gradient became infinite or NaN", step),
            };
        }

        Steps++;
        return step with { Loss = loss };
    }

    /// <summary>Passes a part of a batch; each has a step number of its own, for dropout.</summary>
    private void RunPart(in Batch batch, int part, long step, out double share)
    {
        int start = part * PartSize, count = Math.Min(PartSize, batch.Count - start), size = data.Train.ImageSize;
        share = (double)count / batch.Count;
        training.Run(batch.Images.Slice(start * size, count * size), batch.Labels.Slice(start, count), (step * options.Accumulate) + part);
    }

    private TrainingException Diverged(string what, in StepUnderWay step)
    {
        // The batch once more: others have come since where steps are not waited for.
        using BatchLoader loader = CreateLoader();
        loader.Start(step.Epoch, step.Batch);
        loader.TryNext(out Batch batch);
        NonFiniteOrigin? origin = null;
        StateTensor? statistic = null;
        states?.Begin();
        if (session.Gradients > 1)
        {
            // Steps behind the failed one moved the point.
            session.Perturb(step.Epoch);
        }

        do
        {
            for (int part = 0; part * PartSize < batch.Count && origin is null; part++)
            {
                RunPart(batch, part, Steps, out double share);
                if (states is not null && float.IsFinite(training.Loss()) && states.FirstNonFinite() is var (state, value))
                {
                    what = $"The running statistic {state.Name} became {value}";
                    statistic = state;
                }

                accumulation?.Add(share, first: part == 0);
                int start = part * PartSize, count = Math.Min(PartSize, batch.Count - start), size = data.Train.ImageSize;
                origin = training.FindNonFinite(
                    batch.Images.Slice(start * size, count * size), batch.Labels.Slice(start, count), (Steps * options.Accumulate) + part);
            }
        }
        while (origin is null && session.TryNextPoint());

        string advice = statistic is not null ? origin?.Advice ?? StatisticsAdvice : Advice(origin, options.ClipNorm is null ? "clip the gradient" : null);
        string began = origin is null && statistic is null ? " Each number of it is finite, but its norm is not." : Began(origin);
        return new TrainingException(
            $"{what} at {Place(step)}: {advice}.{began} The weights{(states is null ? "" : " and the running statistics")} are those of step {Steps}.")
        {
            Step = Steps + 1,
            Layer = origin?.Layer ?? (statistic is null ? null : NonFiniteOrigin.ModuleOf(statistic.Name)),
        };
    }

    private TrainingException Lost(in StepUnderWay step)
    {
        if (NonFiniteOrigin.InArena(Arena, Arena.Weights) is not { } lost)
        {
            foreach ((string name, Buffer buffer) in session.Arrays)
            {
                if (NonFiniteOrigin.InArena(Arena, buffer) is { } kept)
                {
                    return new TrainingException(
                        $"The update made what {optimizer} keeps ({name}) {kept.Value} for {kept.Parameter.Name} at {Place(step)}: clip the gradient, or lower the weight decay or the learning rate. The optimizer's numbers are lost.")
                    {
                        Step = Steps + 1,
                        Layer = NonFiniteOrigin.ModuleOf(kept.Parameter.Name),
                    };
                }
            }

            return new TrainingException($"The update moved the weights farther than single precision can measure at {Place(step)}: lower the learning rate. They are those after the step.") { Step = Steps + 1 };
        }

        return new TrainingException(
            $"The update made weights infinite or NaN at {Place(step)}: lower the learning rate. The first is of {lost.Parameter.Name}, {lost.Value}. The weights are lost.")
        {
            Step = Steps + 1,
            Layer = NonFiniteOrigin.ModuleOf(lost.Parameter.Name),
        };
    }

    /// <summary>What helps where a batch's mean or variance doesn't fit single precision.</summary>
    private const string StatisticsAdvice = "lower the learning rate, or start from smaller weights, so that the mean and the variance of a layer's inputs fit single precision";

    private string Place(in StepUnderWay step) =>
        $"epoch {step.Epoch}, batch {step.Batch + 1} of {((data.Train.Count - 1) / options.BatchSize) + 1} (step {Steps + 1}) with learning rate {step.Rate:G4}";

    private string Advice(NonFiniteOrigin? origin, string? otherwise) => origin?.Advice
        ?? $"lower the learning rate{(otherwise is null ? "" : $", or {otherwise}")}{(optimizer is PerturbedOptimizer ? ", or perturb less (a larger η, a smaller γ)" : optimizer is SharpnessAware ? ", or take a smaller ρ" : "")}";

    private static string Began(NonFiniteOrigin? origin) => origin is null ? "" : $" It began in {origin.Text}.";

    /// <summary>
    /// Refuses a model whose weights, gradients, and training graphs with what their kernels keep, are by themselves far too large for what is
    /// free: before any memory is touched. Where the weights are few, there is nothing to find here.
    /// </summary>
    private void RequireRoom(long? free, int[] image)
    {
        const int Few = 64;
        long weights = Arena.Count * sizeof(float);
        if (free is not { } there || weights * Few < there)
        {
            return;
        }

        if (2 * weights <= MostOfFree * there)
        {
            using BatchGraph pass = new(model, Arena, Arena.Weights, Arena.Weights, options.Loss, image, options.Seed);
            (long graphs, long kernels) = (0, 0);
            foreach (int size in TrainedSizes())
            {
                graphs += pass.Plan(size);
                kernels += pass.KernelBytes(size);
            }

            RequireRoom(new MemoryEstimate(weights, weights, 0, graphs, kernels, 0, 0, 0, free), 0);
            return;
        }

        RequireRoom(new MemoryEstimate(weights, weights, 0, 0, 0, 0, 0, 0, free), 0);
    }

    private void RequireRoom(MemoryEstimate estimate, long onHost)
    {
        if (estimate.Free is { } there && estimate.Total + onHost > MostOfFree * there)
        {
            throw new TrainingException(
                $"The run takes {estimate}. That doesn't fit on {Arena.Device.Name}: lower the batch size, or pass each batch in parts (accumulate gradients), or take a smaller model.");
        }
    }

    /// <summary>Plans all graphs of the run, refuses it where they are far too large for what is free, and else compiles them.</summary>
    private MemoryEstimate TakeMemory(long? free, long before, int[] image)
    {
        int[] trained = TrainedSizes(), evaluated = [.. SizesOf(data.Train), .. SizesOf(data.Test)];
        long Bytes(Buffer? buffer) => (buffer?.Count ?? 0) * sizeof(float);
        long planned = trained.Sum(training.Plan) + evaluated.Distinct().Sum(evaluation.Plan) + (estimation?.Plan(PartSize) ?? 0);
        long kernels = trained.Sum(training.KernelBytes) + evaluated.Distinct().Sum(evaluation.KernelBytes) + (estimation?.KernelBytes(PartSize) ?? 0);
        long score = 0;
        if (options.Score is { } scoring)
        {
            // Passes at w and at w + u, the gradient, h at both, and w + u.
            using BatchGraph pass = new(model, Arena, Arena.Weights, gradients, options.Loss, image, null);
            score = (2 * (pass.Plan(scoring.Part) + pass.KernelBytes(scoring.Part))) + ((scoring.Part < scoring.BatchSize ? 5 : 4) * Bytes(gradients));
        }

        const int Loaded = 3;
        MemoryEstimate estimate = new(
            Bytes(Arena.Weights) + Bytes(Arena.State) + (states?.Bytes ?? 0), Bytes(gradients) + Bytes(accumulation?.Part), session.Bytes, planned, kernels, score,
            (Loaded + (options.Augmentation is null ? 0 : 1)) * (long)options.BatchSize * (data.Train.ImageSize + 1) * sizeof(float),
            (long)data.Train.Pixels.Length + data.Test.Pixels.Length + ((long)(data.Train.Count + data.Test.Count) * sizeof(int)),
            free);
        RequireRoom(estimate, Arena.Device is CpuDevice ? estimate.Batches : 0);

        Array.ForEach(trained, size => training.For(size));
        Array.ForEach(evaluated, size => evaluation.For(size));
        estimation?.For(PartSize);
        return estimate with { Kernels = Arena.Device.AllocatedBytes - before - (estimate.Total - score - kernels) };

        int[] SizesOf(ImageSet set) => Split(EvaluationBatchOf(set), set.Count);

    }

    /// <summary>The sizes of batch, or of its parts, that training passes.</summary>
    private int[] TrainedSizes() =>
        [.. Split(options.BatchSize, data.Train.Count).SelectMany(count => Split(Math.Min(PartSize, count), count)).Distinct()];

    private static int[] Split(int size, int count) => count % size == 0 ? [size] : [size, count % size];
}
