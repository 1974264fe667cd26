using System.Globalization;

namespace PacGen.Core.Bounds;

/// <summary>A place of an <see cref="EtaGrid"/> and what (1) adds to the empirical loss there.</summary>
/// <param name="Index">j.</param>
/// <param name="Eta">η_j.</param>
/// <param name="LogInverseDelta">log 1/δ_j, the confidence's part with the union bound's share in it.</param>
/// <param name="Value">𝒢 (10) at this place: (KL + log 1/δ_j)/η_j + η_j/2n.</param>
public readonly record struct EtaChoice(int Index, double Eta, double LogInverseDelta, double Value)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"η {Eta:G6} (number {Index} of the grid): {Value:G6}, log 1/δ {LogInverseDelta:G4}");
}
