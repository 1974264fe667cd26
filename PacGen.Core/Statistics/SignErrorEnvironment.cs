using System.Globalization;

namespace PacGen.Core.Statistics;

/// <summary>The sign error between the networks of two settings that differ in one hyper-parameter.</summary>
/// <param name="Couple">The settings.</param>
/// <param name="Error">The weighted mean of the pairs' sign errors, in [0, 1].</param>
/// <param name="EffectivePairs">(Σw)²/Σw² of the pairs' weights.</param>
public sealed record SignErrorEnvironment(SettingCouple Couple, double Error, double EffectivePairs)
{
    /// <summary>The error and where.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"settings {Couple.First} and {Couple.Second}: {Error:F3} of {EffectivePairs:F1} pairs");
}
