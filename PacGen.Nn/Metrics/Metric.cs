namespace PacGen.Nn;

/// <summary>
/// A number that says how well a network's outputs fit the targets of a set. One of one's own is a <see cref="Mean"/> over the
/// samples, or a class with a <see cref="MetricTally"/>.
/// </summary>
/// <example>
/// <code>
/// Metric within = Metric.Mean("within 1", (output, target) => Math.Abs(output[0] - target[0]) &lt; 1 ? 1 : 0);
/// TrainingOptions options = new() { Metrics = [Metric.RSquared, within] };
/// </code>
/// </example>
/// <param name="name">What it is called in results and logs.</param>
public abstract class Metric(string name)
{
    /// <summary>
    /// The share of samples whose class has the largest output, the first of equal ones; of probabilities, whose most probable
    /// class has; of labels of 0 or 1, the share of labels whose output is above 0 where they hold.
    /// </summary>
    public static Metric Accuracy { get; } = new AccuracyMetric("accuracy", 1);

    /// <summary>
    /// The coefficient of determination R² = 1 − Σ(y − x)²/Σ(y − ȳ)², the mean over the values of a target; NaN where a value is
    /// the same for all samples.
    /// </summary>
    public static Metric RSquared { get; } = new RSquaredMetric();

    /// <summary>The mean of |x − y| over all values.</summary>
    public static Metric MeanAbsoluteError { get; } = new ErrorMetric("mean absolute error", Math.Abs, sum => sum);

    /// <summary>The root of the mean of (x − y)² over all values.</summary>
    public static Metric RootMeanSquaredError { get; } =
        new ErrorMetric("root mean squared error", difference => difference * difference, Math.Sqrt);

    /// <summary>
    /// F1 = 2·TP/(2·TP + FP + FN), the mean over the classes, or the labels, that come among targets or answers: scikit-learn's
    /// <c>macro</c> average. The answer is the class of the largest output, or each label whose output is above 0.
    /// </summary>
    public static Metric F1 { get; } = new F1Metric();

    /// <summary>What it is called in results and logs.</summary>
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));

    /// <summary>The share of samples whose class is among those of the k largest outputs.</summary>
    /// <param name="k">k, at least 1; 5 for the usual top-5.</param>
    /// <exception cref="ArgumentOutOfRangeException">k is below 1.</exception>
    public static Metric Top(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        return new AccuracyMetric($"top-{k} accuracy", k);
    }

    /// <summary>The mean of a number of each sample.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="ofSample">The number, from the network's outputs for a sample and its target's numbers.</param>
    public static Metric Mean(string name, Func<ReadOnlySpan<float>, ReadOnlySpan<float>, double> ofSample)
    {
        ArgumentNullException.ThrowIfNull(ofSample);
        return new MeanMetric(name, ofSample);
    }

    /// <summary>
    /// The usual ones of targets: R² and the mean absolute error of values, accuracy and F1 of labels, accuracy of probabilities;
    /// none of classes, whose accuracy is a result without being asked for.
    /// </summary>
    /// <param name="target">What the targets are.</param>
    public static IReadOnlyList<Metric> Usual(TargetForm target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return target.Kind switch
        {
            TargetKind.Values => [RSquared, MeanAbsoluteError],
            TargetKind.Bits => [Accuracy, F1],
            TargetKind.Probabilities => [Accuracy],
            _ => [],
        };
    }

    /// <summary>Begins to measure a set.</summary>
    /// <param name="target">What its targets are.</param>
    /// <param name="outputs">How many numbers the network gives a sample.</param>
    /// <returns>The tally, to which batches are added.</returns>
    /// <exception cref="ArgumentException">It says nothing about such targets or outputs.</exception>
    public abstract MetricTally Start(TargetForm target, int outputs);

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The error of a metric that says nothing about targets.</summary>
    private protected ArgumentException Refused(TargetForm target, int outputs, string what) =>
        new($"The {Name} is of {what}, but the targets are {target} and the network's outputs {outputs}.");

    /// <summary>Refuses different metrics of one name: what is asked for by that name would be one of them.</summary>
    /// <exception cref="ArgumentException">There are such.</exception>
    internal static void RequireNames(IReadOnlyList<Metric> metrics)
    {
        if (metrics.Distinct().GroupBy(metric => metric.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new ArgumentException(
                $"Two metrics are called {twice.Key}: give each a name of its own (of classes the accuracy is always " +
                    "among them).", nameof(metrics));
        }
    }
}
