using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Loss, metrics and outputs of a network, in evaluation mode and without an optimizer. Graphs are compiled once; one thread at a
/// time may call it.
/// </summary>
/// <example>
/// <code>
/// using ParameterArena arena = new(model, Device.Best(), seed: 1);
/// arena.Load(SafetensorsFile.Load("model.safetensors"));
/// using Evaluator evaluator = new(model, arena, data.Test);
/// Console.WriteLine(evaluator.Evaluate(data.Test, Metric.Accuracy, Metric.Top(5)));
/// int[] classes = evaluator.PredictClasses(data.Test);
/// </code>
/// </example>
public sealed class Evaluator : IDisposable
{
    private readonly ParameterArena arena;
    private readonly EvaluationPass pass;

    /// <summary>Prepares passes.</summary>
    /// <param name="model">The network.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="set">Samples of the shape that comes.</param>
    /// <param name="loss">The loss of a batch; the usual one of the targets without it (<see cref="Loss.Of"/>).</param>
    /// <param name="batchSize">The most samples that are passed at once.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is below 1.</exception>
    /// <exception cref="ShapeException">The model does not fit the samples.</exception>
    public Evaluator(
        Module model, ParameterArena arena, SampleSet set, Func<Tensor, Tensor, Tensor>? loss = null, int batchSize = 250)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentNullException.ThrowIfNull(set);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        this.arena = arena;
        pass = new EvaluationPass(model, arena, set, loss ?? Loss.Of(set.Target), batchSize);
    }

    /// <summary>The mean loss and the metrics on a set.</summary>
    /// <param name="set">The samples.</param>
    /// <param name="metrics">What is measured; without any the usual ones, and of classes the accuracy.</param>
    /// <exception cref="ArgumentException">A metric says nothing about these targets, two have one name, or the samples have
    /// another form.</exception>
    /// <exception cref="TrainingException">A weight, or the loss, is NaN or infinite.</exception>
    public Evaluation Evaluate(SampleSet set, params IReadOnlyList<Metric> metrics) => Evaluate(set, metrics, default);

    /// <inheritdoc cref="Evaluate(SampleSet, IReadOnlyList{Metric})"/>
    /// <param name="set">The samples.</param>
    /// <param name="metrics">What is measured.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Evaluation Evaluate(SampleSet set, IReadOnlyList<Metric> metrics, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        Require(set);
        Metric[] usual = set.Target.Kind == TargetKind.Class ? [Metric.Accuracy] : [.. Metric.Usual(set.Target)];
        return pass.Evaluate(
            set, metrics.Count > 0 ? metrics : usual, (loss, origin) => new TrainingException(
                $"The network's loss on the {set.Noun} is {loss}.{StepFailure.Began(origin)}") { Layer = origin?.Layer },
                    cancellation);
    }

    /// <summary>
    /// The network's outputs for a set, (N, …) in row-major order: logits, or values in their own units.
    /// </summary>
    /// <param name="set">The samples.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="TrainingException">A weight or a running statistic is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public float[] Predict(SampleSet set, CancellationToken cancellation = default)
    {
        Require(set);
        return pass.Predict(set, cancellation);
    }

    /// <summary>The class that the network gives each sample: that of the largest output.</summary>
    /// <inheritdoc cref="Predict"/>
    public int[] PredictClasses(SampleSet set, CancellationToken cancellation = default)
    {
        float[] outputs = Predict(set, cancellation);
        return ClassLoss.Largest(outputs, set.Count);
    }

    /// <inheritdoc/>
    public void Dispose() => pass.Dispose();

    private void Require(SampleSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        arena.RequireFinite("The model can't be evaluated");
    }
}
