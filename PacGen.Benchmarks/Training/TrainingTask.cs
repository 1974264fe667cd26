using PacGen.Benchmarks.CommandLine;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>What is trained on what and how.</summary>
/// <param name="Model">The network.</param>
/// <param name="Images">The samples.</param>
/// <param name="Rule">The optimizer.</param>
/// <param name="Options">How it is trained.</param>
internal sealed record TrainingTask(ModelChoice Model, Dataset Images, Optimizer Rule, TrainingOptions Options)
{
    /// <summary>Network, samples and optimizer in a few words: what the rule's settings are is left out.</summary>
    public string Title => $"{Model.TitleOn(Images)}, {$"{Rule}".Split('(')[0]}";

    /// <summary>The same by another seed.</summary>
    public TrainingTask By(ulong seed) => this with
    {
        Options = Options with
        {
            Seed = seed,
            Score = Options.Score is { } score ? score with { Seed = seed } : null,
            TensorBoardFolder = Options.TensorBoardFolder is { } folder ? Path.Combine(folder, $"seed-{seed}") : null,
        },
    };

    /// <summary>Says all of it.</summary>
    /// <param name="trainer">A trainer of it.</param>
    /// <param name="seeds">The seed, or the seeds.</param>
    public IEnumerable<string> Describe(Trainer trainer, string seeds)
    {
        string parts = Options.Accumulate > 1 ? $" in {Options.Accumulate} parts" : "";
        parts += Options.Communicator is { Size: > 1 } ranks ? $" on {ranks.Size} processes ({ranks.Library})" : "";
        string varied = string.Concat(
            new object?[] { Options.Augmentation, Options.Average }.Where(one => one is not null).Select(one => $"; {one}"));
        varied += Options.Precision == Precision.BFloat16
            ? "; training passes multiply in bf16, all else is in single precision" : "";
        string statistics = trainer.Arena.States.Count == 0 ? "" : trainer.RunningStatistics switch
        {
            RunningStatistics.FromTrainingPass => "; running statistics from the training pass",
            RunningStatistics.Kept => "; running statistics kept",
            _ => $"; running statistics re-estimated at {(Options.Average is null ? "w" : "their average")}",
        };
        yield return Prose.Line($"""
            {Model.Describe(Images)}, {trainer.Arena.Count:N0} parameters; {Images.Name} ({Images.Origin}),
            {Images.Train.Count:N0} + {Images.Test.Count:N0} {Images.Train.Noun}; {Rule}, batch {Options.BatchSize}{parts},
            {Options.Schedule} rate{varied}; {seeds}; {Options.Device!.Name}{statistics}
            """);
        yield return $"Memory {trainer.Memory}";
        if (Images.Train.Target.Scale is { } scale)
        {
            yield return Prose.Line($"""
                Targets are standardised by the training part's mean and deviation, {scale}: the loss is in units of their
                variance, errors are in the targets' own
                """);
        }

        if (Options.Score is { } score)
        {
            int all = score.Images == 0 ? Images.Train.Count : score.Images, used = all / score.BatchSize * score.BatchSize;
            string source = score.Curvature == CurvatureSource.Pass
                ? $"{used} training {Images.Train.Noun} in batches of {score.BatchSize}"
                : $"training's own batches of {Options.BatchSize} and ρ from {all} {Images.Train.Noun}";
            yield return Prose.Line($"""
                Ψ with h from {source}, median of {score.Draws} draws, ρ {Name(score.Rho)}; (1/κ …) is the share of weights
                at which Ψ is a function of |w| alone
                """);
        }
    }

    private static string Name(RhoEstimator rho) => rho switch
    {
        RhoEstimator.Median => "by its median",
        RhoEstimator.Published => "as published",
        _ => "by Definition 3",
    };
}
