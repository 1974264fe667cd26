namespace PacGen.Nn;

/// <summary>The numbers that an optimizer's next step depends on, beside its arrays.</summary>
/// <param name="Steps">The updates done.</param>
/// <param name="SquaredChange">‖Δw‖² of the last.</param>
/// <param name="GradientScale">What clipping multiplied the last gradient by.</param>
internal sealed record OptimizerCounters(long Steps, double SquaredChange, double GradientScale);
