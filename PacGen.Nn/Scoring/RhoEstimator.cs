namespace PacGen.Nn;

/// <summary>
/// How ρ(w*), the Lipschitz constant of the Hessian in Ψ (24), is estimated from one draw of a perturbation u[i] ~ U(−κ[i], κ[i])
/// and Δh = h(w + u) − h(w), with h from the same batches at both.
/// </summary>
public enum RhoEstimator
{
    /// <summary>
    /// The median over draws of the published ratio, in closed form: S / ln 2 with S = Σ|Δh[i]|/κ[i]. The published ratio is governed by
    /// the smallest of m values |u[i]|, P(ρ ≤ r) ≈ exp(−S/r), and has no mean; this is the same quantity without that accident.
    /// </summary>
    Median,

    /// <summary>The paper's: max |Δh[i]|/|u[i]| of the draw (section 7). Varies by orders of magnitude from draw to draw.</summary>
    Published,

    /// <summary>Definition 3's own ratio for a diagonal Hessian: max|Δh[i]| / ‖u‖₂.</summary>
    Definition3,
}
