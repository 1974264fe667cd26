using System.Globalization;

namespace PacGen.Nn;

/// <summary>One parameter's part in Ψ.</summary>
/// <param name="Name">The parameter's name, such as <c>conv1.weight</c>.</param>
/// <param name="Count">How many weights it has.</param>
/// <param name="Psi">Its weights' part of the sum (24) at the score's ρ.</param>
/// <param name="MeanCurvature">The mean of its h.</param>
/// <param name="KappaShare">The share of its weights for which 1/κ is the larger branch of (24).</param>
public sealed record LayerScore(string Name, long Count, double Psi, double MeanCurvature, double KappaShare)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name}: {Count:N0} weights, Ψ {Psi:G6}, mean h {MeanCurvature:G4}, 1/κ branch for {KappaShare:P0}");
}
