namespace PacGen.Benchmarks.Runs;

/// <summary>
/// What the help says of the options of a training run, and their defaults, where a verb differs from <c>train</c>.
/// </summary>
internal sealed record RunTexts
{
    /// <summary>What is said of the epochs.</summary>
    public string Epochs { get; init; } = "How many times the training set is seen";

    /// <summary>The epochs without the option; null where the verb decides.</summary>
    public int? DefaultEpochs { get; init; } = 10;

    /// <summary>What is said of the batch size.</summary>
    public string BatchSize { get; init; } = "Images a step";

    /// <summary>The batch size without the option; null where the verb decides.</summary>
    public int? DefaultBatchSize { get; init; } = 64;

    /// <summary>What is said of varied images before the ways are listed.</summary>
    public string Augment { get; init; } = "How training images are varied each epoch";

    /// <summary>What is said of running statistics; null where the verb decides on them.</summary>
    public string? Statistics { get; init; }

    /// <summary>Which ways of running statistics there are.</summary>
    public string[] StatisticsNames { get; init; } = ["training", "kept", "reestimated"];

    /// <summary>The statistics without the option; null where the optimizer decides.</summary>
    public string? DefaultStatistics { get; init; }

    /// <summary>Whether an average of the weights is an option, and not the verb's own matter.</summary>
    public bool Averages { get; init; } = true;
}
