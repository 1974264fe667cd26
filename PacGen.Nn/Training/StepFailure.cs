using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Says why a step failed, and in which layer that began.</summary>
/// <param name="pipeline">The steps.</param>
/// <param name="arena">The parameters.</param>
/// <param name="optimizer">The optimizer.</param>
/// <param name="clips">Whether the gradient is clipped.</param>
/// <param name="batches">Batches of an epoch.</param>
internal sealed class StepFailure(TrainingPipeline pipeline, ParameterArena arena, Optimizer optimizer, bool clips, int batches)
{
    /// <summary>The error of a step.</summary>
    /// <param name="step">The step that failed.</param>
    /// <param name="loader">Gives its batch once more: others have come since where steps are not waited for.</param>
    public TrainingException Of(TrainingStep step, BatchLoader loader) => step.End switch
    {
        StepEnd.LossNotFinite => Diverged($"The loss became {step.Loss}", step, loader),
        StepEnd.WeightsLost => Lost(step),
        _ => Diverged("The gradient became infinite or NaN", step, loader),
    };

    /// <summary>What to change where a number stopped being finite.</summary>
    public string Advice(NonFiniteOrigin? origin, string? otherwise)
    {
        string moved = optimizer switch
        {
            PerturbedOptimizer => ", or perturb less (a larger η, a smaller γ)",
            SharpnessAware => ", or take a smaller ρ",
            _ => "",
        };
        return origin?.Advice ?? $"lower the learning rate{(otherwise is null ? "" : $", or {otherwise}")}{moved}";
    }

    /// <summary>Where a number stopped being finite, as a sentence.</summary>
    public static string Began(NonFiniteOrigin? origin) => origin is null ? "" : $" It began in {origin.Text}.";

    private TrainingException Diverged(string what, in TrainingStep step, BatchLoader loader)
    {
        loader.Start(step.Epoch, step.Batch);
        loader.TryNext(out Batch batch);
        NonFiniteOrigin? origin = null;
        StateTensor? statistic = null;
        pipeline.States?.Begin();

        // Steps behind the failed one may have moved the point.
        pipeline.Session.Restart();
        do
        {
            for (int part = 0; pipeline.PartOf(batch.Count, part) is { Count: > 0 } && origin is null; part++)
            {
                pipeline.RunPart(batch.Samples, batch.Targets, part, pipeline.Steps);
                if (pipeline.States is { } states && float.IsFinite(pipeline.Graph.Loss())
                    && states.FirstNonFinite() is var (state, value))
                {
                    what = $"The running statistic {state.Name} became {value}";
                    statistic = state;
                }

                pipeline.Add(batch.Count, part);
                origin = pipeline.FindNonFinite(batch.Samples, batch.Targets, part, pipeline.Steps);
            }
        }
        while (origin is null && pipeline.Session.TryNextPoint());

        string advice = statistic is not null ? origin?.Advice
            ?? StatisticsPass.Advice : Advice(origin, clips ? null : "clip the gradient");
        string began = origin is null && statistic is null ? " Each number of it is finite, but its norm is not." : Began(origin);
        return Error(
            $"{what} at {Place(step)}: {advice}.{began} The " +
                $"weights{(pipeline.States is null ? "" : " and the running statistics")} are those of step {pipeline.Steps}.",
            origin?.Layer ?? (statistic is null ? null : NonFiniteOrigin.ModuleOf(statistic.Name)));
    }

    private TrainingException Lost(in TrainingStep step)
    {
        if (NonFiniteOrigin.InArena(arena, arena.Weights) is { } lost)
        {
            return Error(
                $"The update made weights infinite or NaN at {Place(step)}: lower the learning rate. The first is of " +
                    $"{lost.Parameter.Name}, {lost.Value}. The weights are lost.",
                NonFiniteOrigin.ModuleOf(lost.Parameter.Name));
        }

        foreach ((string name, DeviceBuffer buffer) in pipeline.Session.Arrays)
        {
            // The gradient was finite; passes behind the step have overwritten it.
            if (buffer != pipeline.Gradients && NonFiniteOrigin.InArena(arena, buffer) is { } kept)
            {
                return Error(
                    $"The update made what {optimizer} keeps ({name}) {kept.Value} for {kept.Parameter.Name} at {Place(step)}: " +
                        $"clip the gradient, or lower the weight decay or the learning rate. The optimizer's numbers are lost.",
                    NonFiniteOrigin.ModuleOf(kept.Parameter.Name));
            }
        }

        return Error(
            $"The update moved the weights farther than single precision can measure at {Place(step)}: lower the learning " +
                $"rate. The weights are those after the step.", null);
    }

    private TrainingException Error(string message, string? layer) => new(message) { Step = pipeline.Steps + 1, Layer = layer };

    private string Place(in TrainingStep step) =>
        $"epoch {step.Epoch}, batch {step.Batch + 1} of {batches} (step {pipeline.Steps + 1}) with learning rate {step.Rate:G4}";
}
