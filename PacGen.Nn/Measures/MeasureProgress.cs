namespace PacGen.Nn;

/// <summary>Where a measure stands.</summary>
/// <param name="Measure">What is being computed.</param>
/// <param name="Done">How many of its passes over the data are done.</param>
/// <param name="Total">How many there are at most.</param>
public readonly record struct MeasureProgress(string Measure, int Done, int Total);
