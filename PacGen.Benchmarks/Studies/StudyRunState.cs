namespace PacGen.Benchmarks.Studies;

/// <summary>Where a run of a study stands.</summary>
internal enum StudyRunState
{
    /// <summary>Not begun.</summary>
    Planned,

    /// <summary>Begun, and at work or interrupted.</summary>
    Training,

    /// <summary>At its end.</summary>
    Done,

    /// <summary>It could not go on: a number was not finite.</summary>
    Failed,
}
