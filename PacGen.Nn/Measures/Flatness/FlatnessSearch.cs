using System.Globalization;
using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Measures the largest level σ of perturbations of all weights that costs at most a stated training accuracy, by bisection, and
/// the PAC-Bayes measures of it (Jiang and others 2020, <see href="https://arxiv.org/abs/1912.02178">arXiv 1912.02178</see>,
/// appendix C.4). With m weights, n training images, r = w or w − w₀:
/// <list type="bullet">
/// <item>flatness: 1/σ² (53), (61);</item>
/// <item>Gaussian: ‖r‖²/(4σ²) + ln(n/σ) + 10 (48), (49);</item>
/// <item>worst case in a box: ‖r‖²·ln(2m)/(4σ²) + ln(n/σ) + 10;</item>
/// <item>magnitude-aware: ¼·Σᵢ ln((ε² + (σ² + c)‖r‖²/m)/(ε² + σ²rᵢ²)) + ln(n/σ) + 10 (56), (57), c = 1 for Gaussian noise and
/// 4·ln(2m/δ), δ = 0.05, in a box.</item>
/// </list>
/// They are scores: the bounds that they come from are of other priors and losses.
/// </summary>
/// <remarks>
/// The directions of the Gaussian draws are the same at every level, so that a search is a function of the seed. The worst point
/// of a box is looked for by ascent along the gradient's signs, first to a corner, then by ever smaller steps; it bounds the
/// worst case from below, so σ from above.
/// </remarks>
public static class FlatnessSearch
{
    private const uint NoiseStream = 0x666C_6174;
    private const double Start = 1.0 / 16, Smallest = 1e-9, Largest = 1e6, BoxDelta = 0.05;

    /// <summary>Searches the level.</summary>
    /// <param name="subject">The classifier and its training images; left at some other point.</param>
    /// <param name="options">How to perturb, and which measure; defaults without it.</param>
    /// <param name="progress">Notified after each level.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The level, and the least one that was found too large.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">It can't be taken on this network: <see cref="Measure.Obstacle"/>.</exception>
    /// <exception cref="TrainingException">A weight is NaN or infinite; or the smallest level, with ε, costs more than the stated
    /// accuracy.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Flatness Measure(
        EmpiricalLoss subject, FlatnessOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new FlatnessOptions();
        options.Validate();
        cancellation.ThrowIfCancellationRequested();
        Obstacles.Require(Obstacle(subject, options));
        PassCost before = subject.Work;
        Level level = subject.Once(
            options with { Reference = FlatnessReference.None }, () => Search(subject, options, progress, cancellation));
        double value = ValueAt(level.Sigma), other = double.IsFinite(level.TooLarge) ? ValueAt(level.TooLarge) : value;
        progress?.Report(new MeasureProgress("level of perturbations", 1, 1));
        return new Flatness
        {
            Name = NameOf(options),
            Value = value,
            Uncertainty = double.IsFinite(level.TooLarge)
                ? new Uncertainty(Math.Min(value, other), Math.Max(value, other), "between the last two levels")
                : new Uncertainty(double.NegativeInfinity, value, "no level costs that much"),
            Cost = subject.Work - before,
            Sigma = level.Sigma,
            TooLarge = level.TooLarge,
            Accuracy = MarginDistribution.Of(subject, cancellation).Accuracy,
            PerturbedAccuracy = level.Accuracy,
            Options = options,
        };

        double ValueAt(double sigma) => Value(subject, options, sigma);
    }

    /// <summary>A row of <see cref="Measures.All"/>.</summary>
    internal static Measure Row(FlatnessOptions options, string description) => new(
        NameOf(options), description, true,
        options.MagnitudeAware ? "networks trained to one accuracy"
            : "networks trained to one accuracy, weights of one scale: it changes when layers are rescaled",
        (subject, seed, progress, cancellation) => Measure(subject, options with { Seed = seed }, progress, cancellation),
        subject => Obstacle(subject, options));

    private static string NameOf(FlatnessOptions options) => string.Join('-', new[]
    {
        options.WorstCase ? "sharpness" : "pacbayes",
        options.MagnitudeAware ? "magnitude" : "",
        options.Reference switch
        {
            FlatnessReference.Origin => "from-origin",
            FlatnessReference.Init => "from-init",
            _ => "flatness",
        },
    }.Where(part => part.Length > 0));

    private static string? Obstacle(EmpiricalLoss subject, FlatnessOptions options) => Obstacles.Classifier(subject)
        ?? (options.Reference == FlatnessReference.Init ? Obstacles.InitialWeights(subject) : null)
        ?? TooInaccurate(subject, options.Deviation);

    private static string? TooInaccurate(EmpiricalLoss subject, double deviation)
    {
        double accuracy = MarginDistribution.Of(subject, default).Accuracy, least = deviation + (1.0 / subject.Images.Classes);
        return accuracy > least ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"The network is right on {accuracy:P1} of the images: to lose {deviation:P0} it has to be on more than {least:P1}.");
    }

    private static double Value(EmpiricalLoss subject, FlatnessOptions options, double sigma)
    {
        if (options.Reference == FlatnessReference.None)
        {
            return 1 / (sigma * sigma);
        }

        float[] weights = subject.Arena.Save();
        IReadOnlyList<float>? first = options.Reference == FlatnessReference.Init ? subject.Training!.InitialWeights : null;
        double[] squares = [.. weights.Select((weight, i) => Math.Pow((double)weight - (first?[i] ?? 0), 2))];
        double total = squares.Sum(), m = squares.Length, n = subject.Training?.Images ?? subject.Images.Count;
        double divergence;
        if (options.MagnitudeAware)
        {
            double floor = options.Epsilon * options.Epsilon, share = options.WorstCase ? 4 * Math.Log(2 * m / BoxDelta) : 1;
            double prior = floor + (((sigma * sigma) + share) * total / m);
            divergence = squares.Sum(square => Math.Log(prior / (floor + (sigma * sigma * square)))) / 4;
        }
        else
        {
            divergence = total * (options.WorstCase ? Math.Log(2 * m) : 1) / (4 * sigma * sigma);
        }

        return divergence + Math.Log(n / sigma) + 10;
    }

    private static Level Search(
        EmpiricalLoss subject, FlatnessOptions options, IProgress<MeasureProgress>? progress, CancellationToken cancellation)
    {
        double goal = MarginDistribution.Of(subject, cancellation).Accuracy - options.Deviation;
        using Perturber perturber = new(subject, options, cancellation);
        int tried = 0;
        double low = Start, high = Start, accuracy = At(Start), kept = accuracy;
        if (accuracy >= goal)
        {
            while (accuracy >= goal && high < Largest)
            {
                (low, kept, high) = (high, accuracy, high * 2);
                accuracy = At(high);
            }

            if (accuracy >= goal)
            {
                return new Level(high, double.PositiveInfinity, accuracy);
            }
        }
        else
        {
            while (accuracy < goal && low > Smallest)
            {
                (high, low) = (low, low / 2);
                kept = accuracy = At(low);
            }

            if (accuracy < goal)
            {
                throw new TrainingException(
                    $"Perturbations of level {low:G2} cost more than the stated accuracy" + (options.MagnitudeAware
                        ? $": ε = {options.Epsilon} does so alone. Take a smaller one." : "."));
            }
        }

        while (high / low > 1 + options.Precision)
        {
            double middle = Math.Sqrt(low * high);
            accuracy = At(middle);
            if (accuracy >= goal)
            {
                (low, kept) = (middle, accuracy);
            }
            else
            {
                high = middle;
            }
        }

        return new Level(low, high, kept);

        double At(double sigma)
        {
            double found = perturber.Accuracy(sigma);

            // How many levels there will be is not known before the ends are: two more at least.
            progress?.Report(new MeasureProgress(
                "level of perturbations", ++tried, tried + 1 + (int)Math.Ceiling(Math.Log2(Math.Max(
                    Math.Log(high > low ? high / low : 2) / Math.Log(1 + options.Precision), 1)))));
            return found;
        }
    }

    private sealed record Level(double Sigma, double TooLarge, double Accuracy);

    /// <summary>The accuracy of a network under perturbations of a level.</summary>
    private sealed class Perturber : IDisposable
    {
        private readonly EmpiricalLoss subject;
        private readonly FlatnessOptions options;
        private readonly CancellationToken cancellation;
        private readonly float[] weights, levels;
        private readonly double[] gradient;
        private readonly DeviceBuffer? level;
        private readonly RandomMapLaunch<NoiseSettings>? noise;

        public Perturber(EmpiricalLoss subject, FlatnessOptions options, CancellationToken cancellation)
        {
            (this.subject, this.options, this.cancellation) = (subject, options, cancellation);
            weights = subject.MoveToWeights();
            levels = new float[weights.Length];
            gradient = options.WorstCase ? new double[weights.Length] : [];
            if (!options.WorstCase)
            {
                ParameterArena arena = subject.Arena;
                level = arena.Device.Allocate(arena.Count);
                try
                {
                    noise = RandomMapLaunch<NoiseSettings>.Create<NoiseOfOwnLevels<GaussianNoise>>(
                        arena.Device, new Region(subject.Point), new Region(arena.Weights), new Region(level));
                }
                catch
                {
                    level.Dispose();
                    throw;
                }
            }
        }

        public double Accuracy(double sigma)
        {
            for (int i = 0; i < levels.Length; i++)
            {
                double magnitude = Math.Abs((double)weights[i]);
                levels[i] = (float)(!options.MagnitudeAware ? sigma
                    : options.WorstCase ? (sigma * magnitude) + options.Epsilon
                    : Math.Sqrt((sigma * sigma * magnitude * magnitude) + (options.Epsilon * options.Epsilon)));
            }

            return options.WorstCase ? Worst() : Mean();
        }

        public void Dispose()
        {
            noise?.Dispose();
            level?.Dispose();
        }

        private double Mean()
        {
            level!.Write(0, levels);
            double sum = 0;
            for (int draw = 0; draw < options.Draws; draw++)
            {
                noise!.Settings = NoiseSettings.Unlimited(1, options.Seed, NoiseStream, (uint)draw);
                noise.Run();
                sum += Here();
            }

            return sum / options.Draws;
        }

        private double Worst()
        {
            double[] z = new double[weights.Length];
            float[] point = [.. weights];
            for (int step = 0; step < options.AscentSteps; step++)
            {
                subject.MoveTo(point);
                try
                {
                    subject.Gradient(gradient, cancellation);
                }
                catch (TrainingException)
                {
                    // A loss beyond all numbers is the worst.
                    return 0;
                }

                for (int i = 0; i < z.Length; i++)
                {
                    z[i] = Math.Clamp(z[i] + (2.0 / (step + 2) * Math.Sign(gradient[i])), -1, 1);
                    point[i] = (float)(weights[i] + (levels[i] * z[i]));
                }
            }

            subject.MoveTo(point);
            return Here();
        }

        /// <summary>The share of images whose label has the largest logit, as numbers.</summary>
        private double Here()
        {
            int classes = subject.Outputs;
            long right = 0;
            subject.ForEachOutput(
                (outputs, labels) =>
                {
                    for (int i = 0; i < labels.Length; i++)
                    {
                        ReadOnlySpan<float> logits = outputs.Slice(i * classes, classes);
                        bool largest = float.IsFinite(logits[(int)labels[i]]);
                        for (int c = 0; c < classes && largest; c++)
                        {
                            largest = c == (int)labels[i] || logits[c] < logits[(int)labels[i]];
                        }

                        right += largest ? 1 : 0;
                    }
                },
                cancellation);
            return (double)right / subject.Images.Count;
        }
    }
}
