using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Benchmarks.Runs;

/// <summary>A training run that is to be done, or to be found done.</summary>
/// <param name="Name">Its name for people, such as <c>seed 1, plain</c>.</param>
/// <param name="Folder">The name of its folder.</param>
/// <param name="Model">The network.</param>
/// <param name="Data">The images to train and to test on.</param>
/// <param name="Fingerprint">What <see cref="Dataset.Fingerprint"/> says of them.</param>
/// <param name="Optimizer">How the weights are updated.</param>
/// <param name="Options">Everything else; its checkpoints are the runs' own matter.</param>
internal sealed record PlannedRun(
    string Name, string Folder, ModelChoice Model, Dataset Data, string Fingerprint, Optimizer Optimizer, TrainingOptions Options)
{
    /// <summary>The setting of how samples are normalised, of which records of before say nothing.</summary>
    public const string Normalization = "normalization";

    /// <summary>Everything that decides the run's numbers but for how many epochs there are, by name.</summary>
    public SortedDictionary<string, string> Settings => new(
        TrainingRunOptions.Describe(Options)
            .ToDictionary(setting => setting.Name, setting => setting.Value), StringComparer.Ordinal)
    {
        ["model"] = Model.Describe(Data),
        ["images"] = $"{Data.Name}, {Data.Train.Count} + {Data.Test.Count}, {Fingerprint}",
        [Normalization] = Data.Train.Normalization?.ToText() ?? "none",
        ["optimizer"] = Optimizer.ToString()!,
    };
}
