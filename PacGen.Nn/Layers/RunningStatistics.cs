namespace PacGen.Nn;

/// <summary>
/// What training does to the running statistics that <see cref="BatchNorm"/> evaluates with. The training pass itself always
/// normalises by its batch's own statistics.
/// </summary>
public enum RunningStatistics
{
    /// <summary>
    /// Every training pass moves them by the layer's momentum, as PyTorch does. Where the optimizer perturbs, they are then those
    /// of the activations at w + u, averaged over the last steps, not those of the w that is evaluated.
    /// </summary>
    FromTrainingPass,

    /// <summary>Training leaves them as they are: those that were loaded with the weights, or mean 0 and variance 1.</summary>
    Kept,

    /// <summary>
    /// Training leaves them as they are, and before w is evaluated they are estimated anew at w: the average of the batches'
    /// statistics over one pass over the training set in training mode.
    /// </summary>
    Reestimated,
}
