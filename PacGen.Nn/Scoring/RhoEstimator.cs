namespace PacGen.Nn;

/// <summary>
/// How ρ(w*), the Lipschitz constant of the Hessian in Ψ (24), is estimated from one draw of a perturbation u[i] ~ U(−κ[i], κ[i])
/// and Δh = h(w + u) − h(w), with h from the same batches at both. A score takes the median over draws.
/// </summary>
public enum RhoEstimator
{
    /// <summary>
    /// The median that the published ratio has over u at the Δh of the draw. That ratio is governed by the smallest of m values
    /// |u[i]|: P(ratio ≤ r) = Π(1 − xᵢ/r) with xᵢ = |Δh[i]|/κ[i], which has no mean; the median solves Σ −ln(1 − xᵢ/r) = ln 2.
    /// Where many xᵢ contribute it is nearly S/ln 2, S = Σxᵢ, of which it is never below; where one does, 2xᵢ.
    /// </summary>
    Median,

    /// <summary>
    /// The paper's: max |Δh[i]|/|u[i]| of the draw (section 7). Varies by orders of magnitude from draw to draw.
    /// </summary>
    Published,

    /// <summary>Definition 3's own ratio for a diagonal Hessian: max|Δh[i]| / ‖u‖₂.</summary>
    Definition3,
}
