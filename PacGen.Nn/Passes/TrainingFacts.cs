using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// What is known of the training that led to a network's weights, for measures that look at more than the weights. What is not
/// known is null; a measure that needs it says so by its <see cref="Measure.Obstacle"/>.
/// </summary>
public sealed record TrainingFacts
{
    /// <summary>w₀, the weights that training began with, in the arena's layout.</summary>
    public IReadOnlyList<float>? InitialWeights { get; init; }

    /// <summary>
    /// h, the squared mini-batch gradient smoothed over the training steps as in section 7: <see cref="Trainer.SecondMoment"/>.
    /// </summary>
    public SmoothedSecondMoment? SecondMoment { get; init; }

    /// <summary>
    /// The deviation of each weight under the posterior that the optimizer learnt, in the arena's layout:
    /// <see cref="OptimizerSession.PosteriorDeviations"/> of <see cref="Ivon"/>.
    /// </summary>
    public IReadOnlyList<float>? PosteriorDeviations { get; init; }

    /// <summary>How many images it was trained on.</summary>
    public int? Images { get; init; }

    /// <summary>How many steps training took.</summary>
    public long? Steps { get; init; }

    /// <summary>
    /// The steps after which the training images' cross-entropy was first no larger than a number of nats, by that number, such
    /// as 0.1 and 0.01; one that was never reached is absent.
    /// </summary>
    public IReadOnlyDictionary<double, long>? StepsToLoss { get; init; }

    /// <summary>What is known, on one line.</summary>
    public override string ToString()
    {
        string?[] known =
        [
            Steps is { } steps ? Text($"{steps:N0} steps") : null,
            Images is { } images ? Text($"{images:N0} images") : null,
            .. (StepsToLoss ?? new Dictionary<double, long>()).OrderByDescending(pair => pair.Key).Select(
                pair => Text($"a loss of {pair.Key} after {pair.Value:N0} steps")),
            InitialWeights is null ? null : "the first weights",
            SecondMoment is null ? null : "h",
            PosteriorDeviations is null ? null : "a posterior",
        ];
        string text = string.Join(", ", known.Where(fact => fact is not null));
        return text.Length > 0 ? text : "nothing is known";

        static string Text(FormattableString fact) => fact.ToString(CultureInfo.InvariantCulture);
    }
}
