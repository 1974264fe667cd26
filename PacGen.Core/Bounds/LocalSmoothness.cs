using System.Globalization;
using PacGen.Core.Perturbation;

namespace PacGen.Core.Bounds;

/// <summary>The local Hessian Lipschitz condition (Definition 4): ρ over the neighbourhood |vᵢ − wᵢ| ≤ κᵢ = γ|wᵢ| + ε.</summary>
/// <param name="Rho">ρ.</param>
/// <param name="Neighborhood">γ and ε.</param>
public sealed record LocalSmoothness(double Rho, Neighborhood Neighborhood)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"ρ {Rho:G6} within {Neighborhood}");

    /// <summary>The condition of ρ, γ and ε.</summary>
    /// <param name="rho">ρ.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="epsilon">ε.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is out of its range.</exception>
    public LocalSmoothness(double rho, double gamma, double epsilon)
        : this(rho, new Neighborhood(gamma, epsilon))
    {
    }

    /// <summary>ρ, at least 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, infinite or NaN.</exception>
    public double Rho { get; init => field = Require.Rho(value); } = Require.Rho(Rho);

    /// <summary>γ and ε.</summary>
    public Neighborhood Neighborhood { get; init => field = Given(value); } = Given(Neighborhood);

    /// <summary>κ_{γ,ε}(w) = γ|w| + ε.</summary>
    /// <param name="weight">w.</param>
    public double Kappa(double weight) => Neighborhood.Kappa(weight);

    /// <summary>ρ√m, the factor of the third-order terms.</summary>
    internal double RhoRootM(long parameters) => Perturbation.Rho.RootM(Rho, parameters);

    private static Neighborhood Given(Neighborhood neighborhood) => neighborhood
        ?? throw new ArgumentNullException(nameof(neighborhood));
}
