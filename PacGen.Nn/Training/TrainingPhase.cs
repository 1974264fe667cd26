namespace PacGen.Nn;

/// <summary>What a run is doing.</summary>
public enum TrainingPhase
{
    /// <summary>Training steps.</summary>
    Training,

    /// <summary>Losses and accuracies over the whole sets.</summary>
    Evaluating,

    /// <summary>The pacGen score.</summary>
    Scoring,
}
