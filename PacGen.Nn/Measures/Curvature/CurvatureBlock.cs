using System.Globalization;

namespace PacGen.Nn;

/// <summary>The block of a curvature matrix that one layer's weights make.</summary>
/// <param name="Name">The layer's name, such as <c>conv1</c>.</param>
/// <param name="Count">How many weights it has.</param>
/// <param name="LargestEigenvalue">The block's λ_max, from below.</param>
/// <param name="Converged">Whether it reached its tolerance.</param>
/// <param name="Trace">The block's trace.</param>
/// <param name="SquaredFrobenius">The block's squared Frobenius norm.</param>
public sealed record CurvatureBlock(
    string Name, long Count, double LargestEigenvalue, bool Converged, MeanEstimate Trace, MeanEstimate SquaredFrobenius)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name}: {Count:N0} weights, λ_max {LargestEigenvalue:G4}{(Converged ? "" : " (not converged)")}, trace " +
            $"{Trace.Value:G4} ± {Trace.StandardError:G2}, Frobenius norm {Math.Sqrt(SquaredFrobenius.Value):G4}");
}
