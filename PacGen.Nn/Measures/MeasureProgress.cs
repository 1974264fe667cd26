namespace PacGen.Nn;

/// <summary>Where a measure stands.</summary>
/// <param name="Measure">What is being computed.</param>
/// <param name="Done">How many of its rounds are done, such as draws or products; a round takes one pass or several.</param>
/// <param name="Total">How many there are at most.</param>
public readonly record struct MeasureProgress(string Measure, int Done, int Total);
