using System.Globalization;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>
/// Neigh_{γ,ε}(w) = {v : |vᵢ − wᵢ| ≤ κᵢ} with κᵢ = γ|wᵢ| + ε (Definition 4). What bounds, Ψ, ρ, Algorithm 1 and certificates
/// perturb within.
/// </summary>
/// <remarks>
/// γ is 0 or from <see cref="Smallest"/> to <see cref="Largest"/>, ε from <see cref="Smallest"/> to <see cref="Largest"/>,
/// however the record is made. So both are ordinary floats on a device, 1/κ is one, and so is |w|/κ for any weight up to 3·10⁸;
/// no NaN comes of them later.
/// </remarks>
public sealed record Neighborhood
{
    /// <summary>The smallest ε, and the smallest γ above 0: 10⁻³⁰.</summary>
    public const double Smallest = 1e-30;

    /// <summary>The largest γ and ε: 10³⁰.</summary>
    public const double Largest = 1e30;

    /// <summary>The neighbourhood of γ and ε.</summary>
    /// <param name="gamma">γ, κ's part that is relative to |w|.</param>
    /// <param name="epsilon">ε, κ's constant part.</param>
    /// <exception cref="ArgumentOutOfRangeException">γ or ε is out of its range.</exception>
    public Neighborhood(double gamma, double epsilon)
    {
        Gamma = gamma;
        Epsilon = epsilon;
    }

    /// <summary>γ, κ's part that is relative to |w|.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Neither 0 nor from <see cref="Smallest"/> to <see cref="Largest"/>.
    /// </exception>
    public double Gamma
    {
        get;
        init => field = value is 0 or (>= Smallest and <= Largest)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Gamma), string.Create(
                CultureInfo.InvariantCulture, $"γ is {value}, but must be 0, or from {Smallest} to {Largest}."));
    }

    /// <summary>ε, κ's constant part.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from <see cref="Smallest"/> to <see cref="Largest"/>.</exception>
    public double Epsilon
    {
        get;
        init => field = value is >= Smallest and <= Largest
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Epsilon), string.Create(
                CultureInfo.InvariantCulture,
                $"ε is {value}, but must be from {Smallest} to {Largest}: with ε = 0 the neighbourhood of a weight 0 is a " +
                    $"point, and Ψ divides by κ."));
    }

    /// <summary>κ_{γ,ε}(w) = γ|w| + ε (Definition 4), in double precision.</summary>
    /// <param name="weight">w.</param>
    public double Kappa(double weight) =>
        Perturbation.Kappa.Of(new Double1(weight), new Double1(Gamma), new Double1(Epsilon)).Value;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"γ {Gamma}, ε {Epsilon}");
}
