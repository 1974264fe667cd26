using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>Measures the sharpness (2) by projected ascent along the gradient's signs from several starts.</summary>
public static class KeskarAscent
{
    private const uint StartStream = 0x6B65_736B;

    /// <summary>Searches the maximum.</summary>
    /// <param name="subject">L̂; left at some other point.</param>
    /// <param name="options">How to search; defaults without it.</param>
    /// <param name="progress">Notified after each gradient.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The largest loss that was found, and the sharpness that follows.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="TrainingException">The loss is not finite somewhere in the box.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static KeskarSharpness Measure(
        EmpiricalLoss subject, KeskarOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new KeskarOptions();
        options.Validate(subject.Count);
        PassCost before = subject.Cost;
        float[] x = subject.MoveToWeights();
        double loss = subject.Value(cancellation);
        Box box = new(subject, x, options);
        List<AscentStart> starts = [];
        int total = (1 + options.RandomStarts + options.CornerStarts) * options.Iterations;
        void Tell(int iterations) =>
            progress?.Report(new MeasureProgress("sharpness", (starts.Count * options.Iterations) + iterations, total));

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

        double largest = Math.Max(loss, starts.Max(start => start.Loss)), sharpness = 100 * (largest - loss) / (1 + loss);
        return new KeskarSharpness
        {
            Value = sharpness,
            Uncertainty = Uncertainty.LowerBound(sharpness),
            Cost = subject.Cost - before,
            Loss = loss,
            LargestLoss = largest,
            Starts = starts,
            StartsAgree = starts.All(start => largest - start.Loss <= options.Agreement * (largest - loss)),
            Dimension = box.Dimension,
            Options = options,
        };
    }

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
        /// Ascent along the signs of the gradient, the steepest way in a box: first across the whole box, each step halved until
        /// it raises the loss. Where L̂ is convex a whole step to the corner never lowers it.
        /// </summary>
        public AscentStart Climb(string name, double[] start, Action<int> tell, CancellationToken cancellation)
        {
            double[] at = start, trial = new double[at.Length];
            (double first, double[] direction) = Evaluate(at, cancellation);
            double value = first, step = 2;
            int iterations = 1;
            tell(iterations);
            while (step >= options.SmallestStep && iterations < options.Iterations)
            {
                bool moved = false;
                for (int i = 0; i < trial.Length; i++)
                {
                    trial[i] = Math.Clamp(at[i] + (step * Math.Sign(direction[i])), -1, 1);
                    moved |= trial[i] != at[i];
                }

                if (!moved)
                {
                    return Result(Ended: true);
                }

                (double next, double[] nextDirection) = Evaluate(trial, cancellation);
                tell(++iterations);
                if (next > value)
                {
                    (value, direction) = (next, nextDirection);
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
        private (double Loss, double[] Gradient) Evaluate(double[] t, CancellationToken cancellation)
        {
            double[] inBox = new double[t.Length];
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
            for (int i = 0; i < inBox.Length; i++)
            {
                inBox[i] = widths[i] * along[i];
            }

            return (loss, inBox);
        }
    }
}
