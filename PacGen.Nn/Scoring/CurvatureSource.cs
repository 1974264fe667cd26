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
}
