using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Measures the normalised sharpness of Tsuzuku, Sato and Sugiyama (2020, <see href="https://arxiv.org/abs/1901.04653">arXiv
/// 1901.04653</see>), which no rescaling of a ReLU network's units changes: Σ over the weight matrices of
/// min_{σ, σ′} ½·Σᵢⱼ(Hᵢⱼσᵢ²σ′ⱼ² + Wᵢⱼ²/(σᵢ²σ′ⱼ²)), a scale σᵢ for each input and σ′ⱼ for each output, Hᵢⱼ = ∂²L̂/∂Wᵢⱼ²; of a
/// convolution, H and W² are summed over the kernel's positions. The minimum is found by turns: given σ′, σᵢ⁴ is the ratio of the
/// two sums over j.
/// </summary>
/// <remarks>
/// H is the Gauss-Newton diagonal, (1/n)·Σₓ Σ_c p_c(x)·(∂ℓ(x, c)/∂Wᵢⱼ)²: never negative, and with ReLU, pooling and batch norm in
/// evaluation equal to the Hessian's, since the logits are piecewise linear in each single weight.
/// </remarks>
public static class NormalizedSharpness
{
    private const int MostTurns = 10_000;

    /// <summary>Measures the normalised sharpness.</summary>
    /// <param name="subject">The classifier and its training images, with the cross-entropy as loss.</param>
    /// <param name="options">How many images; 200 without it.</param>
    /// <param name="progress">Notified after each image's gradient.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <returns>The sharpness.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">It can't be taken on this network: <see cref="Measure.Obstacle"/>.</exception>
    /// <exception cref="TrainingException">A loss or gradient is not finite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static NamedMeasurement Measure(
        EmpiricalLoss subject, NormalizedSharpnessOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new NormalizedSharpnessOptions();
        options.Validate();
        cancellation.ThrowIfCancellationRequested();
        Obstacles.Require(Obstacle(subject));
        PassCost before = subject.Work;
        (double[] curvature, int images) = Curvature(subject, options, progress, cancellation);
        double[] squares = [.. subject.Arena.Save().Select(weight => (double)weight * weight)];
        LayerValue[] layers = [.. NetworkLayers.Of(subject).Matrices.Select(
            layer => new LayerValue(layer.Name, Least(Gathered(layer, curvature), Gathered(layer, squares))))];
        double value = layers.Sum(layer => layer.Value);
        return new NamedMeasurement
        {
            Name = "normalized-sharpness",
            Value = value,
            Uncertainty = images == subject.Images.Count ? Uncertainty.Rounding(value)
                : new Uncertainty(double.NaN, double.NaN, $"from {images:N0} of the images"),
            Cost = subject.Work - before,
            Layers = layers,
        };
    }

    /// <summary>The row of <see cref="Measures.All"/>.</summary>
    internal static Measure Row() => new(
        "normalized-sharpness", "Σ min_{σ, σ′} ½·Σ(Hσ²σ′² + W²/(σ²σ′²))", true,
        "a network near a minimum; any scale of its units",
        (subject, seed, progress, cancellation) =>
            Measure(subject, new NormalizedSharpnessOptions { Seed = seed }, progress, cancellation),
        Obstacle);

    private static string? Obstacle(EmpiricalLoss subject) => NetworkLayers.Of(subject).Unknown
        ?? Obstacles.Classifier(subject)
        ?? (subject.Loss.Equals((Func<Tensor, Tensor, Tensor>)Loss.CrossEntropy) ? null
            : "Its curvature is that of the cross-entropy, but the network has another loss.");

    private static (double[] Curvature, int Images) Curvature(
        EmpiricalLoss subject, NormalizedSharpnessOptions options, IProgress<MeasureProgress>? progress,
        CancellationToken cancellation)
    {
        SampleSet images = ImageGradients.Some(subject.Images, options.Images, options.Seed);
        using EmpiricalLoss some = new(subject.Model, subject.Arena, images, subject.Loss);
        some.MoveToWeights();
        int classes = some.Outputs, done = 0;
        List<double[]> probabilities = [];
        some.ForEachOutput(
            (outputs, labels) =>
            {
                for (int i = 0; i < labels.Length; i++)
                {
                    probabilities.Add(Softmax(outputs.Slice(i * classes, classes)));
                }
            },
            cancellation);
        subject.Charge(new PassCost((double)images.Count / subject.Images.Count, 0, 0));
        double[] curvature = new double[subject.Count];
        for (int c = 0; c < classes; c++)
        {
            int[] labels = new int[images.Count];
            Array.Fill(labels, c);
            SampleSet asked = images.WithLabels(labels, Math.Max(images.Classes, classes));
            int image = 0, label = c;
            ImageGradients.ForEach(subject, asked, gradient =>
            {
                double share = probabilities[image++][label] / images.Count;
                for (int i = 0; i < curvature.Length; i++)
                {
                    curvature[i] += share * gradient[i] * gradient[i];
                }

                progress?.Report(new MeasureProgress("curvature by image and class", ++done, images.Count * classes));
            }, cancellation);
        }

        return (curvature, images.Count);
    }

    private static double[] Softmax(ReadOnlySpan<float> logits)
    {
        double largest = logits[ClassLoss.Largest(logits)], sum = 0;
        double[] result = new double[logits.Length];
        for (int c = 0; c < result.Length; c++)
        {
            sum += result[c] = Math.Exp(logits[c] - largest);
        }

        return [.. result.Select(value => value / sum)];
    }

    /// <summary>(inputs, outputs), a convolution's summed over the kernel's positions.</summary>
    private static double[,] Gathered(WeightMatrix layer, double[] numbers)
    {
        double[,] result = new double[layer.Inputs, layer.Outputs];
        for (int k = 0; k < layer.Count; k++)
        {
            result[k / layer.Outputs % layer.Inputs, k % layer.Outputs] += numbers[layer.Start + k];
        }

        return result;
    }

    /// <summary>min ½·Σ(Hᵢⱼaᵢbⱼ + Vᵢⱼ/(aᵢbⱼ)) over positive a = σ², b = σ′².</summary>
    private static double Least(double[,] h, double[,] v)
    {
        int rows = h.GetLength(0), columns = h.GetLength(1);
        Prune(h, v);
        double[] a = new double[rows], b = new double[columns];
        Array.Fill(a, 1);
        Array.Fill(b, 1);
        double value = double.PositiveInfinity;
        for (int turn = 0; turn < MostTurns; turn++)
        {
            double next = Best(a, rows, columns, (i, j) => (h[i, j] * b[j], v[i, j] / b[j]));
            next = Math.Min(next, Best(b, columns, rows, (j, i) => (h[i, j] * a[i], v[i, j] / a[i])));
            if (!(next < value * (1 - 1e-12)))
            {
                return next;
            }

            value = next;
        }

        return value;
    }

    /// <summary>
    /// A unit without curvature loses its weights, one without weights its curvature: its scale may grow or fall without end.
    /// </summary>
    private static void Prune(double[,] h, double[,] v)
    {
        int rows = h.GetLength(0), columns = h.GetLength(1);
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int line = 0; line < rows + columns; line++)
            {
                double grows = 0, falls = 0;
                ForEachOf(line, (i, j) => (grows, falls) = (grows + h[i, j], falls + v[i, j]));
                if (grows > 0 != falls > 0)
                {
                    changed = true;
                    ForEachOf(line, (i, j) => h[i, j] = v[i, j] = 0);
                }
            }
        }

        void ForEachOf(int line, Action<int, int> act)
        {
            for (int k = 0; k < (line < rows ? columns : rows); k++)
            {
                act(line < rows ? line : k, line < rows ? k : line - rows);
            }
        }
    }

    /// <summary>The best scales of one side given the other's, and the sum's value with them.</summary>
    private static double Best(double[] scales, int count, int others, Func<int, int, (double Grows, double Falls)> term)
    {
        double total = 0;
        for (int i = 0; i < count; i++)
        {
            double grows = 0, falls = 0;
            for (int j = 0; j < others; j++)
            {
                (double up, double down) = term(i, j);
                grows += up;
                falls += down;
            }

            total += Math.Sqrt(grows * falls);

            // What was pruned has neither.
            if (grows > 0 && falls > 0)
            {
                scales[i] = Math.Sqrt(falls / grows);
            }
        }

        return total;
    }
}
