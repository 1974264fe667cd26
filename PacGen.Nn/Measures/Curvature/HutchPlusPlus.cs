namespace PacGen.Nn;

/// <summary>
/// Measures the trace of ∇²L̂, or of another curvature matrix, at a network's weights by Hutch++ (Meyer, Musco, Musco and
/// Woodruff 2021, <see href="https://arxiv.org/abs/2010.09649">arXiv 2010.09649</see>, algorithm 1): tr QᵀAQ, Q an orthonormal
/// basis of AS for random signs S, and Hutchinson's estimate of the rest, tr (I − QQᵀ)A(I − QQᵀ). Where few eigenvalues make most
/// of the trace, its error is far below Hutchinson's at the same cost.
/// </summary>
public static class HutchPlusPlus
{
    private const uint SketchStream = 0x6832_2B73, RestStream = 0x6832_2B72;

    /// <summary>Below this share of its length what is left of a vector is rounding.</summary>
    private const double Rounding = 1e-6;

    /// <summary>Measures the trace.</summary>
    /// <param name="subject">L̂ of the network; left at its weights.</param>
    /// <param name="options">How many products; defaults without it.</param>
    /// <param name="progress">Notified after each product.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The trace with its standard error.</returns>
    /// <exception cref="ArgumentException">There are too few products.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TraceEstimate Measure(
        EmpiricalLoss subject, HutchPlusPlusOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new HutchPlusPlusOptions();
        options.Validate();
        PassCost before = subject.Cost;
        subject.MoveToWeights();
        int share = options.Products / 3, done = 0;
        ProductBlock block = new(subject, options.Products);
        List<double[]> basis = [];
        Multiply(Math.Min(share, subject.Count), (v, draw) => RandomSigns.Fill(v, options.Seed, SketchStream, (uint)draw), Widen);
        double inside = 0;
        Multiply(
            basis.Count, (v, index) => basis[index].CopyTo(v, 0), (direction, product) => inside += Dot(direction, product));
        List<double> rest = [];
        Multiply(options.Products - (2 * share), FillOutside, (v, product) => rest.Add(Dot(v, product)));
        MeanEstimate outside = MeanEstimate.Of(rest);
        double trace = inside + outside.Value;
        return new TraceEstimate
        {
            Value = trace,
            Uncertainty = outside.Draws > 1
                ? Uncertainty.Within(trace, outside.StandardError, $"one standard error, {outside.Draws} draws of the rest")
                : new Uncertainty(double.NaN, double.NaN, "one draw of the rest"),
            Cost = subject.Cost - before,
            Matrix = options.Matrix,
            Directions = basis.Count,
            Inside = inside,
            Outside = outside,
        };

        // Products with some vectors, as many in a pass as the block holds.
        void Multiply(int count, Action<double[], int> fill, Action<double[], double[]> take)
        {
            for (int first = 0; first < count; first += block.Count)
            {
                int start = first;
                block.Multiply(
                    options.Matrix, Math.Min(block.Count, count - first), (v, i) => fill(v, start + i), cancellation);
                foreach ((double[] v, double[] product) in block.Results)
                {
                    take(v, product);
                    progress?.Report(new MeasureProgress("trace", ++done, options.Products));
                }
            }
        }

        void Widen(double[] v, double[] product)
        {
            double length = Norm(product);
            RemoveBasis(product);
            double left = Norm(product);
            if (left > Rounding * length)
            {
                basis.Add([.. product.Select(value => value / left)]);
            }
        }

        void FillOutside(double[] v, int draw)
        {
            RandomSigns.Fill(v, options.Seed, RestStream, (uint)draw);
            RemoveBasis(v);
        }

        void RemoveBasis(double[] from)
        {
            for (int round = 0; round < 2; round++)
            {
                foreach (double[] direction in basis)
                {
                    double along = Dot(direction, from);
                    for (int i = 0; i < from.Length; i++)
                    {
                        from[i] -= along * direction[i];
                    }
                }
            }
        }
    }

    private static double Norm(double[] vector) => Math.Sqrt(Dot(vector, vector));

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
