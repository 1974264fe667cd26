namespace PacGen.Nn;

/// <summary>The ends of the Hessian's spectrum by Lanczos's method.</summary>
/// <param name="Largest">A Rayleigh quotient: never above λ_max, but for rounding.</param>
/// <param name="LargestResidual">‖∇²L̂v − θv‖: an eigenvalue lies within it of <paramref name="Largest"/>.</param>
/// <param name="Smallest">A Rayleigh quotient: never below λ_min, but for rounding.</param>
/// <param name="SmallestResidual">An eigenvalue lies within it of <paramref name="Smallest"/>.</param>
/// <param name="Products">How many Hessian-vector products it took.</param>
/// <param name="Converged">Whether the largest eigenvalue's residual came below the tolerance.</param>
public sealed record EigenvalueEstimate(
    double Largest, double LargestResidual, double Smallest, double SmallestResidual, int Products, bool Converged);
