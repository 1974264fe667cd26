using PacGen.Core.Bounds;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Benchmarks.Figures.Landscape;

/// <summary>What Figure 1 shows of one (w₁, w₂).</summary>
/// <param name="W1">w₁.</param>
/// <param name="W2">w₂.</param>
/// <param name="Loss">L̂ with its gradient and Hessian.</param>
/// <param name="Rho">ρ, the Hessian's local Lipschitz constant, estimated.</param>
/// <param name="Psi">Ψ (24).</param>
/// <param name="Sigma1">σ₁* (14).</param>
/// <param name="Sigma2">σ₂* (14).</param>
/// <param name="Bound">
/// The right-hand side of (13) as published. It is a score: the loss is a cross-entropy, which is not in [0, 1], τ = |w| + κ is
/// read off the weights, and ρ is estimated.
/// </param>
internal sealed record PointScore(
    double W1, double W2, Jet Loss, double Rho, double Psi, double Sigma1, double Sigma2, double Bound)
{
    /// <summary>γ and ε of κ = γ|w| + ε, as in the paper's Figures 3 to 6.</summary>
    public static Neighborhood Neighborhood { get; } = new(gamma: 0.1, epsilon: 0.1);

    /// <summary>η of the bound, by the paper's footnote 1.</summary>
    public const double Eta = 39;

    /// <summary>δ of the bound. The paper doesn't say; it adds the same to the bound everywhere.</summary>
    public const double Delta = 0.05;

    private const int Parameters = 2;

    // Corners and middles of the sides of the box of κ.
    private static readonly (int U1, int U2)[] Directions =
        [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];

    /// <summary>
    /// Scores a point. The curvatures are exact, a negative one counting as 0 (footnote 4); ρ is the largest ‖∇²L̂(w+u) −
    /// ∇²L̂(w)‖/‖u‖ over eight u on the boundary of Neigh_{γ,ε}(w) (Definition 4), so from below.
    /// </summary>
    public static PointScore At(SharedMlp network, double w1, double w2)
    {
        Jet loss = network.LossJet(w1, w2);
        double kappa1 = Neighborhood.Kappa(w1), kappa2 = Neighborhood.Kappa(w2);
        double rho = 0;
        foreach ((int u1, int u2) in Directions)
        {
            Jet there = network.LossJet(w1 + (u1 * kappa1), w2 + (u2 * kappa2));
            (double least, double largest) =
                new Jet(0, D11: there.D11 - loss.D11, D12: there.D12 - loss.D12, D22: there.D22 - loss.D22).Eigenvalues;
            double distance = Math.Sqrt((u1 * u1 * kappa1 * kappa1) + (u2 * u2 * kappa2 * kappa2));
            rho = Math.Max(rho, Math.Max(Math.Abs(least), Math.Abs(largest)) / distance);
        }

        Double1 rhoRootM = new(rho * Math.Sqrt(Parameters));
        double psi = PsiTerm.Of(new Double1(w1), new Double1(kappa1), new Double1(loss.D11), rhoRootM, out _).Value
            + PsiTerm.Of(new Double1(w2), new Double1(kappa2), new Double1(loss.D22), rhoRootM, out _).Value;
        LocalSmoothness smoothness = new(rho, Neighborhood);
        double[] weights = [w1, w2], curvature = [Math.Max(loss.D11, 0), Math.Max(loss.D22, 0)], sigma = new double[Parameters];
        UniformBound.OptimalSigma<double>(weights, curvature, smoothness, Eta, sigma);
        UniformBoundSums sums = UniformBound.Sums<double>(smoothness, Eta, weights, curvature, Tau.OfWeights());

        // A bound takes only a loss in [0, 1]; what (13) adds to L̂ doesn't depend on it.
        BoundSample beyondLoss = new(0, network.Sample.Count, Delta);
        double bound = loss.Value + UniformBound.Lemma6(beyondLoss, sums, BoundForm.Published).Value;
        return new PointScore(w1, w2, loss, rho, psi, sigma[0], sigma[1], bound);
    }
}
