using System.Globalization;

namespace PacGen.Core.Bounds;

/// <summary>
/// What a bound takes of the sample: the loss on it, its size, and the probability with which the bound may fail.
/// </summary>
/// <param name="EmpiricalLoss">L̂(w), of a loss in [0, 1].</param>
/// <param name="Count">n, how many independent examples L̂ is the mean of.</param>
/// <param name="Delta">δ.</param>
public sealed record BoundSample(double EmpiricalLoss, long Count, double Delta)
{
    /// <summary>One line for people.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"L̂ {EmpiricalLoss:G6} on n = {Count:N0} images, δ {Delta:G4}");

    /// <summary>L̂(w), in [0, 1].</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside [0, 1] or NaN.</exception>
    public double EmpiricalLoss { get; init => field = Require.Loss(value, nameof(EmpiricalLoss)); } = Require.Loss(
        EmpiricalLoss);

    /// <summary>n, at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public long Count { get; init => field = Require.SampleSize(value, nameof(Count)); } = Require.SampleSize(Count);

    /// <summary>δ, in (0, 1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not between 0 and 1.</exception>
    public double Delta { get; init => field = Require.Delta(value, nameof(Delta)); } = Require.Delta(Delta);

    /// <summary>log(1/δ).</summary>
    internal double LogInverseDelta => -Math.Log(Delta);
}
