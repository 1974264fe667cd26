using System.Globalization;
using PacGen.Core.Lanes;

namespace PacGen.Nn;

/// <summary>
/// The learning rate of each step, as a multiple of the optimizer's own. Schedules see the run's progress in epochs.
/// </summary>
public sealed class LearningRateSchedule
{
    private readonly Func<double, double> factor;
    private readonly string name;

    private LearningRateSchedule(string name, Func<double, double> factor)
    {
        this.name = name;
        this.factor = factor;
    }

    /// <summary>Always 1.</summary>
    public static LearningRateSchedule Constant { get; } = new("constant", _ => 1);

    /// <summary>1, multiplied by <paramref name="factor"/> each time that <paramref name="epochs"/> more have passed.</summary>
    /// <param name="epochs">After how many epochs; fractions are allowed.</param>
    /// <param name="factor">What the rate is multiplied by then.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of epochs or the factor is not positive.</exception>
    public static LearningRateSchedule Step(double epochs, double factor = 0.1)
    {
        SinglePrecision.Positive(epochs, "The number of epochs");
        SinglePrecision.Positive(factor, "The schedule's factor");
        return new(string.Create(CultureInfo.InvariantCulture, $"step({epochs}, {factor})"), passed =>
            Math.Pow(factor, Math.Floor(passed / epochs)));
    }

    /// <summary>
    /// From 1 down to <paramref name="final"/> along half a cosine over <paramref name="epochs"/>, then <paramref name="final"/>.
    /// </summary>
    /// <param name="epochs">The epochs of the way down, as a rule all of the training.</param>
    /// <param name="final">The last factor, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of epochs is not positive or the final factor is
    /// negative.</exception>
    public static LearningRateSchedule Cosine(double epochs, double final = 0)
    {
        SinglePrecision.Positive(epochs, "The number of epochs");
        SinglePrecision.NotNegative(final, "The schedule's last factor");
        return new(
            string.Create(CultureInfo.InvariantCulture, $"cosine({epochs}, {final})"),
            passed => final + ((1 - final) * (1 + Math.Cos(Math.PI * Math.Min(passed / epochs, 1))) / 2));
    }

    /// <summary>
    /// This schedule after a linear rise from <paramref name="start"/> times its first value over the first
    /// <paramref name="epochs"/>.
    /// </summary>
    /// <param name="epochs">How many epochs the rise takes.</param>
    /// <param name="start">The first factor, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of epochs or the start is not positive: a rate of 0 would leave ρ
    /// = ·/‖Δw‖ undefined.</exception>
    public LearningRateSchedule WithWarmUp(double epochs, double start = 0.01)
    {
        SinglePrecision.Positive(epochs, "The number of epochs");
        SinglePrecision.Positive(start, "The schedule's first factor");
        return new(
            string.Create(CultureInfo.InvariantCulture, $"{name} after warm-up({epochs}, {start})"),
            passed => passed < epochs ? factor(0) * (start + ((1 - start) * passed / epochs)) : factor(passed - epochs));
    }

    /// <summary>The factor after some epochs, fractions included.</summary>
    /// <param name="epochsPassed">0 at the first step; 1 when the first epoch has been seen.</param>
    public double Factor(double epochsPassed) => factor(epochsPassed);

    /// <inheritdoc/>
    public override string ToString() => name;
}
