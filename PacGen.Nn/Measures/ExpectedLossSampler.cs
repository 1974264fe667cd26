using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Measures 𝔼_u L̂(w + u) by drawing u, each time over the whole set.</summary>
public static class ExpectedLossSampler
{
    private const uint NoiseStream = 0x6C6F_7373;

    /// <summary>Draws perturbations of a network's weights and averages its losses.</summary>
    /// <typeparam name="TNoise">
    /// The distribution: <see cref="UniformNoise"/> (σ the half width), <see cref="TruncatedGaussianNoise"/> (truncated at κ) or
    /// <see cref="GaussianNoise"/>.
    /// </typeparam>
    /// <param name="subject">L̂; left at some other point.</param>
    /// <param name="options">How to draw; defaults without it.</param>
    /// <param name="progress">Notified after each pass.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The mean loss with its standard error.</returns>
    /// <exception cref="ArgumentException">An option or a level is out of range, or there is not a level for each
    /// weight.</exception>
    /// <exception cref="TrainingException">The loss is not finite at some perturbation.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ExpectedLoss Measure<TNoise>(
        EmpiricalLoss subject,
        ExpectedLossOptions? options = null,
        IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
        where TNoise : struct, INoise
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new ExpectedLossOptions();
        options.Validate();
        Device device = subject.Arena.Device;
        PassCost before = subject.Cost;
        using DeviceBuffer? own = options.Levels is null ? null : device.Allocate(subject.Count);
        own?.Write(0, Checked(options.Levels!, subject.Count));
        float[] weights = subject.MoveToWeights(), point = options.Antithetic ? new float[weights.Length] : [];
        Region w = new(subject.Arena.Weights), moved = new(subject.Point);
        using RandomMapLaunch<NoiseSettings> noise = own is null
            ? RandomMapLaunch<NoiseSettings>.Create<NoiseOfOneLevel<TNoise>>(device, moved, w)
            : RandomMapLaunch<NoiseSettings>.Create<NoiseOfOwnLevels<TNoise>>(device, moved, w, new Region(own));
        bool classifier = subject.Images.Target.Kind == TargetKind.Class
            && subject.Outputs >= Math.Max(2, subject.Images.Classes);
        List<LossValues> values = [];
        int passes = options.Antithetic ? 2 * options.Draws : options.Draws;
        for (int draw = 0; draw < options.Draws; draw++)
        {
            noise.Settings = NoiseSettings.Within(options.Level, options.Neighborhood, options.Seed, NoiseStream, (uint)draw);
            noise.Run();
            LossValues value = Here();
            if (options.Antithetic)
            {
                progress?.Report(new MeasureProgress("expected loss", (2 * draw) + 1, passes));
                subject.Point.Read(0, point);
                for (int i = 0; i < point.Length; i++)
                {
                    point[i] = (2 * weights[i]) - point[i];
                }

                subject.MoveTo(point);
                LossValues other = Here();
                value = new LossValues(
                    (value.Loss + other.Loss) / 2, (value.ZeroOne + other.ZeroOne) / 2,
                    (value.BoundedCrossEntropy + other.BoundedCrossEntropy) / 2);
            }

            values.Add(value);
            progress?.Report(new MeasureProgress("expected loss", passes / options.Draws * (draw + 1), passes));
        }

        MeanEstimate mean = MeanEstimate.Of([.. values.Select(value => value.Loss)]);
        return new ExpectedLoss
        {
            Value = mean.Value,
            Uncertainty = Uncertainty.Of(mean),
            Cost = subject.Cost - before,
            Loss = mean,
            ZeroOne = classifier ? MeanEstimate.Of([.. values.Select(value => value.ZeroOne)]) : null,
            BoundedCrossEntropy = classifier ? MeanEstimate.Of([.. values.Select(value => value.BoundedCrossEntropy)]) : null,
            Values = values,
            Options = options,
        };

        LossValues Here() => classifier
            ? subject.Losses(options.SmallestProbability, cancellation)
            : new LossValues(subject.Value(cancellation), double.NaN, double.NaN);
    }

    private static float[] Checked(IReadOnlyList<float> levels, int count)
    {
        if (levels.Count != count)
        {
            throw new ArgumentException($"Expected loss: {levels.Count} levels are given for {count} weights.");
        }

        for (int i = 0; i < count; i++)
        {
            if (!(levels[i] >= 0))
            {
                throw new ArgumentException(
                    $"Expected loss: the level σ of weight {i} is {levels[i]}, but must not be negative.");
            }
        }

        return [.. levels];
    }
}
