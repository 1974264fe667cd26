using System.Globalization;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;
using PacGen.Kernels.PerParameter;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

/// <summary>
/// 𝔼_u L̂(w + u) of a network by N draws of u, each over the whole set, with standard errors: of the empirical loss itself and,
/// for a classifier, of the 0-1 loss and of the bounded cross-entropy, which certificates take.
/// </summary>
public sealed record ExpectedLoss
{
    private const uint NoiseStream = 0x6C6F_7373;

    /// <summary>The empirical loss itself.</summary>
    public required MeanEstimate Loss { get; init; }

    /// <summary>The 0-1 loss; null where the network is no classifier.</summary>
    public required MeanEstimate? ZeroOne { get; init; }

    /// <summary>−ln max(p_y, p_min) / ln(1/p_min); null where the network is no classifier.</summary>
    public required MeanEstimate? BoundedCrossEntropy { get; init; }

    /// <summary>The losses of each draw, in order; an antithetic pair's mean. The second and third are NaN where the network is no classifier.</summary>
    public required IReadOnlyList<LossValues> Values { get; init; }

    /// <summary>How it was drawn.</summary>
    public required ExpectedLossOptions Options { get; init; }

    /// <summary>Draws perturbations of a network's weights and averages its losses.</summary>
    /// <typeparam name="TNoise">
    /// The distribution: <see cref="UniformNoise"/> (σ the half width), <see cref="TruncatedGaussianNoise"/> (truncated at κ) or <see cref="GaussianNoise"/>.
    /// </typeparam>
    /// <param name="empirical">L̂; left at some other point.</param>
    /// <param name="options">How to draw; defaults without it.</param>
    /// <param name="levels">Each weight's own level, which <see cref="ExpectedLossOptions.Sigma"/> multiplies; null where that is the level of all.</param>
    /// <param name="progress">Told after each pass.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">An option or a level is out of range, or there is not a level for each weight.</exception>
    /// <exception cref="TrainingException">The loss is not finite at some perturbation.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ExpectedLoss Sample<TNoise>(
        EmpiricalLoss empirical,
        ExpectedLossOptions? options = null,
        IReadOnlyList<float>? levels = null,
        IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
        where TNoise : struct, INoise
    {
        ArgumentNullException.ThrowIfNull(empirical);
        options ??= new ExpectedLossOptions();
        options.Validate();
        Device device = empirical.Arena.Device;
        using Buffer? own = levels is null ? null : device.Allocate(empirical.Count);
        own?.Write(0, Checked(levels!, empirical.Count));
        float[] weights = empirical.MoveToWeights(), point = options.Antithetic ? new float[weights.Length] : [];
        using NoiseLaunch noise = NoiseLaunch.Create<TNoise>(
            device, new Region(empirical.Arena.Weights), own is null ? null : new Region(own), new Region(empirical.Point));
        bool classifier = empirical.Outputs >= Math.Max(2, empirical.Images.Classes);
        List<LossValues> values = [];
        int passes = options.Antithetic ? 2 * options.Draws : options.Draws;
        for (int draw = 0; draw < options.Draws; draw++)
        {
            noise.Settings = NoiseSettings.Within(options.Sigma, options.Gamma, options.Epsilon, options.Seed, NoiseStream, (uint)draw);
            noise.Run();
            LossValues value = Here();
            if (options.Antithetic)
            {
                progress?.Report(new MeasureProgress("expected loss", (2 * draw) + 1, passes));
                empirical.Point.Read(0, point);
                for (int i = 0; i < point.Length; i++)
                {
                    point[i] = (2 * weights[i]) - point[i];
                }

                empirical.MoveTo(point);
                LossValues other = Here();
                value = new LossValues(
                    (value.Loss + other.Loss) / 2, (value.ZeroOne + other.ZeroOne) / 2, (value.BoundedCrossEntropy + other.BoundedCrossEntropy) / 2);
            }

            values.Add(value);
            progress?.Report(new MeasureProgress("expected loss", passes / options.Draws * (draw + 1), passes));
        }

        return new ExpectedLoss
        {
            Loss = MeanEstimate.Of([.. values.Select(value => value.Loss)]),
            ZeroOne = classifier ? MeanEstimate.Of([.. values.Select(value => value.ZeroOne)]) : null,
            BoundedCrossEntropy = classifier ? MeanEstimate.Of([.. values.Select(value => value.BoundedCrossEntropy)]) : null,
            Values = values,
            Options = options,
        };

        LossValues Here() => classifier
            ? empirical.Losses(options.SmallestProbability, cancellation)
            : new LossValues(empirical.Value(cancellation), double.NaN, double.NaN);
    }

    /// <summary>The estimates with their standard errors.</summary>
    public override string ToString()
    {
        string text = Of("loss", Loss);
        text += ZeroOne is { } zeroOne ? $", {Of("0-1 loss", zeroOne)}" : "";
        text += BoundedCrossEntropy is { } bounded ? $", {Of("bounded cross-entropy", bounded)}" : "";
        return $"expected {text}; {Loss.Draws} draws";

        static string Of(string name, MeanEstimate estimate) =>
            string.Create(CultureInfo.InvariantCulture, $"{name} {estimate.Value:G6} ± {estimate.StandardError:G2}");
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
                throw new ArgumentException($"Expected loss: the level σ of weight {i} is {levels[i]}, but must not be negative.");
            }
        }

        return [.. levels];
    }
}
