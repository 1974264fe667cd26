using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// The distribution of a curvature matrix's m eigenvalues by stochastic Lanczos quadrature: nodes, each with its share. The value
/// is the effective dimensionality Σ λ/(λ + α) over eigenvalues above 0 (Maddox and others 2020,
/// <see href="https://arxiv.org/abs/2003.02139">arXiv 2003.02139</see>, (4)), how many directions the data have fixed.
/// </summary>
public sealed record SpectralDensity : Measurement
{
    /// <summary>Whose spectrum it is.</summary>
    public required CurvatureMatrix Matrix { get; init; }

    /// <summary>The nodes of all random vectors, by eigenvalue.</summary>
    public required IReadOnlyList<SpectralNode> Nodes { get; init; }

    /// <summary>m, how many eigenvalues there are.</summary>
    public required long Count { get; init; }

    /// <summary>How many random vectors.</summary>
    public required int Probes { get; init; }

    /// <summary>α of the value.</summary>
    public required double Alpha { get; init; }

    /// <summary>The smallest node: λ_min, from above.</summary>
    public double Smallest => Nodes[0].Eigenvalue;

    /// <summary>The largest node: λ_max, from below.</summary>
    public double Largest => Nodes[^1].Eigenvalue;

    /// <summary>The sum of f over all m eigenvalues, such as the trace for f(λ) = λ.</summary>
    /// <param name="f">f.</param>
    public double Sum(Func<double, double> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        return Count * Nodes.Sum(node => node.Mass * f(node.Eigenvalue));
    }

    /// <summary>The share of the eigenvalues in an interval, both ends included.</summary>
    /// <param name="low">The interval's lower end.</param>
    /// <param name="high">Its upper end.</param>
    public double Mass(double low, double high) =>
        Nodes.Where(node => node.Eigenvalue >= low && node.Eigenvalue <= high).Sum(node => node.Mass);

    /// <summary>The width of the Gaussians that <see cref="At(double)"/> puts in the nodes' place.</summary>
    /// <remarks>
    /// 1 % of the spectrum's extent; where all eigenvalues are equal, of their size, and of 1 where they are 0.
    /// </remarks>
    public double Width
    {
        get
        {
            double extent = Largest - Smallest, size = Math.Max(Math.Abs(Largest), Math.Abs(Smallest));
            const double Share = 0.01, Rounding = 1e-6;
            return Share * (extent > Rounding * size ? extent : size > 0 ? size : 1);
        }
    }

    /// <summary>The density at an eigenvalue, each node a Gaussian of <see cref="Width"/>; its integral is 1.</summary>
    /// <param name="eigenvalue">Where.</param>
    public double At(double eigenvalue) => At(eigenvalue, Width);

    /// <summary>The density at an eigenvalue, each node a Gaussian.</summary>
    /// <param name="eigenvalue">Where.</param>
    /// <param name="width">The Gaussians' standard deviation, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is not above 0.</exception>
    public double At(double eigenvalue, double width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        return Nodes.Sum(node =>
        {
            double z = (eigenvalue - node.Eigenvalue) / width;
            return node.Mass * Math.Exp(-z * z / 2) / (width * Math.Sqrt(2 * Math.PI));
        });
    }

    /// <summary>The spectrum in one line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Count:N0} eigenvalues from {Smallest:G4} to {Largest:G4}, {Mass(double.NegativeInfinity, 0):P1} at most 0; " +
            $"effective dimensionality at α = {Alpha:G3} {Value:G4}; {Probes} random vectors, {Cost}");
}
