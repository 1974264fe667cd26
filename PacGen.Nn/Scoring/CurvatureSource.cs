namespace PacGen.Nn;

/// <summary>Where Ψ's h ≈ diag ∇²L̂ comes from.</summary>
public enum CurvatureSource
{
    /// <summary>A pass over data at w: the mean of the squared mini-batch gradients.</summary>
    Pass,

    /// <summary>
    /// The optimizer's smoothed second moment of the training gradients (β = 0.999 in the paper); needs one that keeps it.
    /// </summary>
    Training,
}
