namespace PacGen.Nn;

/// <summary>Where a training of a certification stands, beside its arrays.</summary>
/// <param name="Settings">What decides its bits, by name.</param>
/// <param name="Epochs">The epochs that are done, 1 or more.</param>
/// <param name="Steps">The steps of all trainings so far.</param>
/// <param name="Optimizer">What the optimizer knows beside its arrays.</param>
internal sealed record KeptTraining(
    SortedDictionary<string, string> Settings, int Epochs, long Steps, OptimizerCounters Optimizer);
