namespace PacGen.Kernels;

/// <summary>How a training step ended.</summary>
public enum StepEnd
{
    /// <summary>The weights were updated.</summary>
    Done,

    /// <summary>The loss was NaN or infinite; nothing was updated.</summary>
    LossNotFinite,

    /// <summary>The gradient's norm was NaN or infinite; nothing was updated.</summary>
    GradientNotFinite,

    /// <summary>The update moved the weights to where ‖Δw‖² is NaN or infinite, or made what the optimizer keeps so.</summary>
    WeightsLost,

    /// <summary>An earlier step ended badly, so this one updated nothing.</summary>
    Skipped,
}
