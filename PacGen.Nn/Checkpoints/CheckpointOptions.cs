namespace PacGen.Nn;

/// <summary>Where and when a <see cref="Trainer"/> writes checkpoints, and how many stay.</summary>
/// <param name="Folder">The folder of one run's checkpoints; made where it isn't there.</param>
public sealed record CheckpointOptions(string Folder)
{
    /// <summary>The steps between two checkpoints, or null for one after each epoch.</summary>
    public long? EverySteps { get; init; }

    /// <summary>
    /// The least time between two checkpoints: those that would come sooner are left out, also of the best epoch and of a stop.
    /// </summary>
    public TimeSpan Interval { get; init; }

    /// <summary>
    /// How many of the last checkpoints stay, at least 1; that of the best epoch by <see cref="TrainingOptions.BestBy"/> stays
    /// besides.
    /// </summary>
    public int Keep { get; init; } = 3;

    /// <summary>Texts of the caller's own that are written into each checkpoint's metadata, by name.</summary>
    public IReadOnlyDictionary<string, string> Notes { get; init; } = new Dictionary<string, string>();

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate()
    {
        if (string.IsNullOrEmpty(Folder) || Keep < 1 || EverySteps is < 1)
        {
            throw new ArgumentException(
                $"Checkpoints: a folder must be named, and the steps between two ({EverySteps}) and how many stay ({Keep}) " +
                $"must be at least 1.");
        }
    }
}
