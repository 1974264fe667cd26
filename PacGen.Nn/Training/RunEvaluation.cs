using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// How a run's network does: loss and metrics at the unperturbed weights, with running statistics that belong to these.
/// </summary>
internal sealed class RunEvaluation : IDisposable
{
    private readonly Module model;
    private readonly Dataset data;
    private readonly TrainingOptions options;
    private readonly ParameterArena arena;
    private readonly TrainingPipeline pipeline;
    private readonly StepFailure failure;
    private readonly IReadOnlyList<Metric> asked, metrics;

    /// <param name="model">The network.</param>
    /// <param name="data">What it is trained and tested on.</param>
    /// <param name="options">How; the loss is known.</param>
    /// <param name="pipeline">Its steps, whose graph is planned.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="policy">What training does to running statistics.</param>
    /// <param name="failure">Says what to do where a loss is not finite.</param>
    /// <exception cref="ArgumentException">A metric says nothing about these targets.</exception>
    public RunEvaluation(
        Module model, Dataset data, TrainingOptions options, TrainingPipeline pipeline, ParameterArena arena,
        RunningStatistics policy, StepFailure failure)
    {
        (this.model, this.data, this.options) = (model, data, options);
        (this.arena, this.pipeline, this.failure) = (arena, pipeline, failure);
        asked = options.Metrics ?? Metric.Usual(data.Train.Target);
        metrics = HasAccuracy(data.Train) ? [Metric.Accuracy, .. asked] : asked;
        Metric.RequireNames(metrics);
        foreach (Metric metric in metrics)
        {
            metric.Start(data.Train.Target, pipeline.Graph.Outputs);
        }

        try
        {
            Pass = new EvaluationPass(
                model, arena, data.Train, options.Loss!, options.Accumulate > 1 ? options.PartSize : int.MaxValue);
            Statistics = policy == RunningStatistics.Reestimated && pipeline.States is { } states
                ? new StatisticsPass(model, arena, data.Train, options.Loss!, options.PartSize, options.Seed, states) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The pass over a set.</summary>
    public EvaluationPass Pass { get; }

    /// <summary>Estimates running statistics at w; null where training's passes move them, or there are none.</summary>
    public StatisticsPass? Statistics { get; }

    /// <summary>h as the last step left it; null where none is kept, and before the first step.</summary>
    public SmoothedSecondMoment? SecondMoment => pipeline.Session is { SecondMoment: { } h, SecondMomentBeta: { } beta }
        && pipeline.Steps > 0
        ? new SmoothedSecondMoment(new Region(h).ToArray(), pipeline.Steps, beta, options.BatchSize) : null;

    /// <summary>Estimates running statistics anew where steps have been taken since.</summary>
    public void Renew(CancellationToken cancellation)
    {
        if (Statistics is { Step: var step } && step != pipeline.Steps)
        {
            Statistics.Run(pipeline.Steps, cancellation);
        }
    }

    /// <summary>Loss and accuracy on a set, the latter NaN without classes.</summary>
    public (double Loss, double Accuracy) Of(SampleSet set, CancellationToken cancellation)
    {
        Evaluation found = Of(set, HasAccuracy(set) ? [Metric.Accuracy] : [], cancellation);
        return (found.Loss, AccuracyOf(found));
    }

    /// <summary>Loss and metrics on a set.</summary>
    public Evaluation Of(SampleSet set, IReadOnlyList<Metric> metrics, CancellationToken cancellation)
    {
        Pass.Require(set, scores: true);
        Metric.RequireNames(metrics);
        Renew(cancellation);
        arena.RequireFiniteState("The model can't be evaluated", pipeline.Steps);
        return Pass.Evaluate(
            set,
            metrics,
            (loss, origin) => new TrainingException(
                $"The loss at the weights after step {pipeline.Steps} is {loss}: " +
                    $"{failure.Advice(origin, "clip the gradient")}.{StepFailure.Began(origin)}")
            {
                Step = pipeline.Steps,
                Layer = origin?.Layer,
            },
            cancellation);
    }

    /// <summary>Ψ of the present weights.</summary>
    public PacGenScore Score(ScoreOptions scoring, CancellationToken cancellation)
    {
        Renew(cancellation);
        using EmpiricalLoss subject = new(model, arena, data.Train, options.Loss);
        return PacGenScorer.Measure(subject, scoring with { SecondMoment = SecondMoment }, null, cancellation);
    }

    /// <summary>An epoch's result on both sets, with a score where one is asked for; null where that was cancelled.</summary>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <param name="stepLoss">The mean loss of its steps.</param>
    /// <param name="seconds">The time that its training took.</param>
    /// <param name="tell">Called as each phase begins.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public EpochResult? Epoch(
        int epoch, double stepLoss, double seconds, Action<TrainingPhase> tell, CancellationToken cancellation)
    {
        try
        {
            tell(TrainingPhase.Evaluating);
            Evaluation train = Of(data.Train, metrics, cancellation), test = Of(data.Test, metrics, cancellation);
            if (options.Score is not null)
            {
                tell(TrainingPhase.Scoring);
            }

            PacGenScore? score = options.Score is { } scoring ? Score(scoring, cancellation) : null;
            return new EpochResult(epoch, train.Loss, AccuracyOf(train), test.Loss, AccuracyOf(test), score, seconds)
            {
                StepLoss = stepLoss,
                Metrics = asked.Count == 0 ? null
                    : [.. asked.Select(metric => new MetricValue(metric.Name, train[metric], test[metric]))],
            };
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested || arena.Parallel.Ranks.Size > 1)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Statistics?.Dispose();
        Pass?.Dispose();
    }

    private bool HasAccuracy(SampleSet set) => set.Target.Kind == TargetKind.Class && pipeline.Graph.Classes >= 2;

    private static double AccuracyOf(Evaluation found) => found.Metrics.GetValueOrDefault(Metric.Accuracy.Name, double.NaN);
}
