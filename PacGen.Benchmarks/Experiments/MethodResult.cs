using PacGen.Benchmarks.Runs;

namespace PacGen.Benchmarks.Experiments;

/// <summary>A method of <see cref="OptimizersExperiment"/> with what came of it.</summary>
/// <param name="Method">The method.</param>
/// <param name="Arms">The method at each value of its setting.</param>
internal sealed record MethodResult(Method Method, RunArm[] Arms)
{
    /// <summary>The runs by which the value was chosen; empty where there is one value alone.</summary>
    public IReadOnlyList<ArmRuns> Tried { get; init; } = [];

    /// <summary>The method at the chosen value; null where every value had a run that failed.</summary>
    public RunArm? Best => Arms.Length == 1 ? Arms[0] : ArmRuns.Best(Tried)?.Arm;

    /// <summary>The tested runs at the chosen value; null where there is none.</summary>
    public ArmRuns? Chosen { get; init; }

    /// <summary>Whether every seed's run came to its end.</summary>
    public bool IsWhole => Chosen is { Failed: false };

    /// <summary>The test accuracies, one a seed.</summary>
    public double[] Tests => [.. Chosen!.Records.Select(record => record.Tested!.Accuracy)];

    /// <summary>Their mean and Student's 95 % interval around it.</summary>
    public StudentMean Test => new(Tests);

    /// <summary>The seconds of the fastest epoch of any run, over its steps.</summary>
    /// <param name="stepsAnEpoch">The steps of an epoch.</param>
    public double StepSeconds(double stepsAnEpoch) =>
        Chosen!.Records.Concat(Tried.SelectMany(one => one.Records)).SelectMany(record => record.Epochs)
            .Min(epoch => epoch.Seconds) / stepsAnEpoch;

    /// <summary>The same with the runs by which its value is chosen.</summary>
    public MethodResult With(IReadOnlyDictionary<RunArm, ArmRuns> tried) =>
        this with { Tried = [.. Arms.Where(tried.ContainsKey).Select(arm => tried[arm])] };
}
