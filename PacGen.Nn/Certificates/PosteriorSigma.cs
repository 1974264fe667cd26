namespace PacGen.Nn;

/// <summary>Where a posterior's σ comes from.</summary>
public enum PosteriorSigma
{
    /// <summary>In closed form: σ* (21) at the end of training, with the curvature h there.</summary>
    Optimal,

    /// <summary>
    /// Learnt by gradients beside w, PAC-Bayes with backprop (Blundell et al. 2015, Pérez-Ortiz et al. 2021): σ = log(1 + e^ρ).
    /// </summary>
    Softplus,

    /// <summary>The same with σ = e^{ρ/2}, ρ = log σ² (Dziugaite and Roy 2017).</summary>
    LogVariance,
}
