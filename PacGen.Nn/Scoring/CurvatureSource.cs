namespace PacGen.Nn;

/// <summary>Where Ψ's h ≈ diag ∇²L̂ comes from.</summary>
public enum CurvatureSource
{
    /// <summary>A pass over data at w: the mean of the squared mini-batch gradients.</summary>
    Pass,

    /// <summary>
    /// The squared gradients of the training's batches, smoothed over its steps with β = 0.999 (section 7):
    /// <see cref="TrainingOptions.KeepSecondMoment"/>. ρ comes from passes at that batch size.
    /// </summary>
    Training,

    /// <summary>
    /// The diagonal of the Gauss–Newton matrix of the softmax cross-entropy, which is its Fisher information: the mean of squared
    /// random roots over batches (<see cref="CurvatureMatrix.GaussNewton"/>). A curvature itself, whatever the batch size, where
    /// <see cref="Pass"/> gives about the empirical Fisher diagonal divided by the batch size.
    /// </summary>
    GaussNewton,

    /// <summary>
    /// The diagonal of the empirical Fisher matrix, the mean over images of their squared gradients, by squared random roots:
    /// about the batch size times what <see cref="Pass"/> gives near a minimum. This is the scale of h in certificates.
    /// </summary>
    EmpiricalFisher,

    /// <summary>
    /// The diagonal of ∇²L̂: exactly up to <see cref="ScoreOptions.LargestExact"/> weights, beyond by Hutchinson's method. A sum
    /// h + ρ√m·κ below 0 counts as 0 (footnote 4).
    /// </summary>
    Hessian,
}
