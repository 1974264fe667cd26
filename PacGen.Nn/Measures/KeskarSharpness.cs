using System.Globalization;
using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// The (C_ε, A)-sharpness (2) of L̂ at a network's weights x (Keskar et al. 2016): 100·(max_{z ∈ C_ε} L̂(x + Az) − L̂(x)) / (1 + L̂(x)),
/// C_ε the box |zᵢ| ≤ ε(|(A⁺x)ᵢ| + 1). The maximum is searched by projected ascent along the gradient's signs from several
/// starts: what is reported is the largest loss that was found, a lower bound of the maximum, with how it was found.
/// </summary>
public sealed record KeskarSharpness
{
    private const uint StartStream = 0x6B65_736B;

    /// <summary>The sharpness (2), in percent as the paper has it: a lower bound.</summary>
    public required double Value { get; init; }

    /// <summary>L̂(x).</summary>
    public required double Loss { get; init; }

    /// <summary>The largest L̂(x + Az) found.</summary>
    public required double LargestLoss { get; init; }

    /// <summary>The starts, each with what it came to.</summary>
    public required IReadOnlyList<AscentStart> Starts { get; init; }

    /// <summary>The start that found the largest loss.</summary>
    public AscentStart Best => Starts.MaxBy(start => start.Loss)!;

    /// <summary>Whether all starts ended with nearly the same loss, as <see cref="KeskarOptions.Agreement"/> says: a sign, no proof, that it is the maximum.</summary>
    public required bool StartsAgree { get; init; }

    /// <summary>p, the dimension that was searched: m for the full space.</summary>
    public required int Dimension { get; init; }

    /// <summary>How it was searched.</summary>
    public required KeskarOptions Options { get; init; }

    /// <summary>Searches the maximum.</summary>
    /// <param name="empirical">L̂; left at some other point.</param>
    /// <param name="options">How to search; defaults without it.</param>
    /// <param name="progress">Told after each gradient.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="TrainingException">The loss is not finite somewhere in the box.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static KeskarSharpness Compute(
        EmpiricalLoss empirical, KeskarOptions? options = null, IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(empirical);
        options ??= new KeskarOptions();
        options.Validate(empirical.Count);
        float[] x = empirical.MoveToWeights();
        double loss = empirical.Value(cancellation);
        Box box = new(empirical, x, options);
        List<AscentStart> starts = [];
        int total = (1 + options.RandomStarts + options.CornerStarts) * options.Iterations;
        void Tell(int iterations) => progress?.Report(new MeasureProgress("sharpness", (starts.Count * options.Iterations) + iterations, total));

        starts.Add(box.Climb("0", new double[box.Dimension], Tell, cancellation));
        for (int start = 1; start <= options.RandomStarts + options.CornerStarts; start++)
        {
            RandomStream random = new(options.Seed, StartStream, (uint)start);
            bool corner = start > options.RandomStarts;
            double[] at = new double[box.Dimension];
            for (int i = 0; i < at.Length; i++)
            {
                double uniform = (2 * random.NextUniform()) - 1;
                at[i] = corner ? Math.CopySign(1, uniform) : uniform;
            }

            starts.Add(box.Climb(corner ? $"corner {start - options.RandomStarts}" : $"random {start}", at, Tell, cancellation));
        }

        double largest = Math.Max(loss, starts.Max(start => start.Loss));
        return new KeskarSharpness
        {
            Value = 100 * (largest - loss) / (1 + loss),
            Loss = loss,
            LargestLoss = largest,
            Starts = starts,
            StartsAgree = starts.All(start => largest - start.Loss <= options.Agreement * (largest - loss)),
            Dimension = box.Dimension,
            Options = options,
        };
    }

    /// <summary>The value, what found it, and that it is a lower bound.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"sharpness (2) ≥ {Value:G5} %: ε = {Options.Epsilon}, {(Options.Directions == 0 ? "full space" : $"random subspace of {Dimension} dimensions")}, largest loss found {LargestLoss:G6} from start {Best.Name} after {Best.Iterations} gradients, at the weights {Loss:G6}; {Starts.Count} starts {(StartsAgree ? "agree" : "disagree")}; a lower bound of the maximum");

    /// <summary>The box C_ε in coordinates t = z / half width, each in [−1, 1], and the loss over it.</summary>
    private sealed class Box
    {
        private readonly EmpiricalLoss empirical;
        private readonly float[] x, point;
        private readonly double[] widths, gradient;
        private readonly RandomSubspace? subspace;
        private readonly KeskarOptions options;

        public Box(EmpiricalLoss empirical, float[] x, KeskarOptions options)
        {
            this.empirical = empirical;
            this.x = x;
            this.options = options;
            point = new float[x.Length];
            gradient = new double[x.Length];
            subspace = options.Directions == 0 ? null : new RandomSubspace(x.Length, options.Directions, options.Seed);
            double[] coordinates = subspace?.PseudoInverse(x) ?? [.. x.Select(value => (double)value)];
            widths = [.. coordinates.Select(value => options.Epsilon * (Math.Abs(value) + 1))];
        }

        public int Dimension => widths.Length;

        /// <summary>
        /// Ascent along the signs of the gradient, the steepest way in a box: first across the whole box, each step halved until it
        /// raises the loss. Where L̂ is convex a whole step to the corner never lowers it.
        /// </summary>
        public AscentStart Climb(string name, double[] start, Action<int> tell, CancellationToken cancellation)
        {
            double[] at = start, trial = new double[at.Length];
            (double first, double[] slope) = Evaluate(at, cancellation);
            double value = first, step = 2;
            int iterations = 1;
            tell(iterations);
            while (step >= options.SmallestStep && iterations < options.Iterations)
            {
                bool moved = false;
                for (int i = 0; i < trial.Length; i++)
                {
                    trial[i] = Math.Clamp(at[i] + (step * Math.Sign(slope[i])), -1, 1);
                    moved |= trial[i] != at[i];
                }

                if (!moved)
                {
                    return Result(Ended: true);
                }

                (double next, double[] nextSlope) = Evaluate(trial, cancellation);
                tell(++iterations);
                if (next > value)
                {
                    (value, slope) = (next, nextSlope);
                    (at, trial) = (trial, at);
                }
                else
                {
                    step /= 2;
                }
            }

            return Result(step < options.SmallestStep);

            AscentStart Result(bool Ended) =>
                new(name, first, value, iterations, at.Count(coordinate => Math.Abs(coordinate) == 1) / (double)at.Length, Ended);
        }

        /// <summary>L̂ at a point of the box and its gradient in t.</summary>
        private (double Loss, double[] Slope) Evaluate(double[] t, CancellationToken cancellation)
        {
            double[] slope = new double[t.Length];
            if (subspace is null)
            {
                for (int i = 0; i < t.Length; i++)
                {
                    point[i] = (float)(x[i] + (widths[i] * t[i]));
                }
            }
            else
            {
                subspace.Move(x, [.. widths.Zip(t, (width, coordinate) => width * coordinate)], point);
            }

            empirical.MoveTo(point);
            double loss = empirical.Gradient(gradient, cancellation);
            double[] along = subspace?.Project(i => gradient[i]) ?? gradient;
            for (int i = 0; i < slope.Length; i++)
            {
                slope[i] = widths[i] * along[i];
            }

            return (loss, slope);
        }
    }
}
