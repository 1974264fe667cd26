namespace PacGen.Kernels;

/// <summary>What a training step came to.</summary>
/// <param name="Loss">The batch's mean loss.</param>
/// <param name="SquaredChange">‖Δw‖².</param>
/// <param name="GradientScale">What the update multiplied the gradient by: below 1 where it was clipped.</param>
/// <param name="End">How it ended; where it is not <see cref="StepEnd.Done"/>, numbers that come later than the failure mean
/// nothing.</param>
public readonly record struct StepOutcome(double Loss, double SquaredChange, double GradientScale, StepEnd End);
