namespace PacGen.Nn;

/// <summary>
/// Rows of <see cref="Measures.All"/> that are known without a search: sizes, steps of training, the training loss. They are what
/// other measures have to beat.
/// </summary>
internal static class CountRows
{
    /// <summary>m.</summary>
    public static Measure Parameters() => Known(
        "parameter-count", "m, the number of weights", true, "nothing", subject => subject.Count, _ => null);

    /// <summary>n.</summary>
    public static Measure Images() => Known(
        "training-images", "n, the number of images trained on", false, "nothing", subject => subject.Training!.Images!.Value,
        subject => subject.Training?.Images is not null ? null : "It is not known on how many images the network was trained.");

    /// <summary>The steps until the training loss was small, or from one loss to a smaller one.</summary>
    public static Measure Steps(string name, string description, double? from, double to) => Known(
        name, description, true, "one optimizer and one schedule of the learning rate",
        subject => subject.Training!.StepsToLoss![to] - (from is { } begin ? subject.Training.StepsToLoss[begin] : 0),
        subject => subject.Training?.StepsToLoss is not { } steps ? "It is not known when the training loss was how small."
            : steps.ContainsKey(to) && (from is not { } begin || steps.ContainsKey(begin)) ? null
            : FormattableString.Invariant($"The training loss never was {to} or less."));

    /// <summary>L̂.</summary>
    public static Measure Loss() => new(
        "training-loss", "L̂, the final training loss", false, "networks of one architecture, trained to different ends",
        (subject, _, progress, cancellation) =>
        {
            cancellation.ThrowIfCancellationRequested();
            PassCost before = subject.Cost;
            subject.MoveToWeights();
            double loss = subject.Value(cancellation);
            return Found("training-loss", loss, subject.Cost - before, progress);
        });

    private static Measure Known(
        string name, string description, bool smallerIsBetter, string assumes, Func<EmpiricalLoss, double> value,
        Func<EmpiricalLoss, string?> obstacle) => new(
            name, description, smallerIsBetter, assumes,
            (subject, _, progress, cancellation) =>
            {
                cancellation.ThrowIfCancellationRequested();
                Obstacles.Require(obstacle(subject));
                return Found(name, value(subject), default, progress);
            },
            obstacle);

    private static NamedMeasurement Found(string name, double value, PassCost cost, IProgress<MeasureProgress>? progress)
    {
        progress?.Report(new MeasureProgress(name, 1, 1));
        return new NamedMeasurement { Name = name, Value = value, Uncertainty = Uncertainty.Rounding(value), Cost = cost };
    }
}
