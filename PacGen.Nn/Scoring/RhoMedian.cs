using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The median of the published ratio max|Δh|/|u| over u at the Δh of a draw: the r of Σ −ln(1 − xᵢ/r) = ln 2, xᵢ = |Δh[i]|/κ[i].
/// </summary>
internal sealed class RhoMedian : IDisposable
{
    /// <summary>Terms are floats: nothing is gained below this share.</summary>
    private const double Tolerance = 1e-8;

    private const int MostSteps = 50;

    private readonly SumLaunch<RhoMedianSettings> sums;
    private readonly Neighborhood neighborhood;

    /// <param name="weights">w.</param>
    /// <param name="before">h(w).</param>
    /// <param name="after">h(w + u).</param>
    /// <param name="neighborhood">γ and ε of κ.</param>
    public RhoMedian(Region weights, Region before, Region after, Neighborhood neighborhood)
    {
        this.neighborhood = neighborhood;
        sums = SumLaunch<RhoMedianSettings>.Create<RhoMedianTerm>(weights.Buffer.Device, weights, before, after);
    }

    /// <summary>Solves the equation.</summary>
    /// <param name="scaledChange">S = Σ xᵢ.</param>
    /// <returns>0 where S is, and infinite where S is not finite.</returns>
    /// <remarks>
    /// In s = 1/r the left side grows and is convex, and as −ln(1 − t) ≥ t, it is at least ln 2 at s = ln 2 / S, where all xᵢs
    /// are at most ln 2. So Newton's method comes down from there to the root and can't pass it.
    /// </remarks>
    public double Solve(double scaledChange)
    {
        double s = Math.Log(2) / scaledChange;
        if (!(s > 0 && double.IsFinite(s)))
        {
            return scaledChange / Math.Log(2);
        }

        for (int step = 0; step < MostSteps; step++)
        {
            sums.Settings = RhoMedianSettings.Of(neighborhood, s);
            sums.Run();
            (double left, double derivative, _, _) = sums.Result;
            double change = (left - Math.Log(2)) / derivative;
            if (!(change > Tolerance))
            {
                break;
            }

            s *= 1 - change;
        }

        return 1 / s;
    }

    /// <inheritdoc/>
    public void Dispose() => sums.Dispose();
}
