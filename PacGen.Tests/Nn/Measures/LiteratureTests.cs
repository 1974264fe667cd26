using MathNet.Numerics.LinearAlgebra;
using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Every measure of the literature, recomputed for three trained networks in double precision, image by image, with singular
/// values by another algorithm: they agree to 10⁻⁵.
/// </summary>
[TestFixture("mlp")]
[TestFixture("cnn")]
[TestFixture("batch norm")]
internal sealed class LiteratureTests(string name)
{
    private TrainedNetwork network = null!;

    [OneTimeSetUp]
    public void Train() => network = TrainedNetwork.Of(name);

    [OneTimeTearDown]
    public void Dispose() => network.Dispose();

    [Test]
    public void NormsOfWeightMatrices()
    {
        (double Spectral, double Frobenius)[] norms = Norms(network.W), moved = Norms(Travel());
        double margin = Margins()[(network.Labels.Length / 10) - 1], d = norms.Length;
        double spectral = norms.Sum(norm => 2 * Math.Log(norm.Spectral)), frobenius = norms.Sum(
            norm => 2 * Math.Log(norm.Frobenius));
        double ranks = norms.Sum(norm => Math.Pow(norm.Frobenius / norm.Spectral, 2)), squared = margin * margin;
        Check("log-spectral-product", spectral);
        Check("spectral-sum", d * Math.Pow(Math.Exp(spectral), 1 / d));
        Check("log-spectral-product-over-margin", spectral - Math.Log(squared));
        Check("spectral-sum-over-margin", d * Math.Pow(Math.Exp(spectral) / squared, 1 / d));
        Check("log-spectral-complexity", Math.Log(Math.Exp(spectral) * ranks / squared));
        Check(
            "log-spectral-complexity-from-init",
            Math.Log(Math.Exp(spectral) * norms.Zip(moved).Sum(pair => Math.Pow(pair.Second.Frobenius / pair.First.Spectral, 2))
                / squared));
        Check("frobenius-over-spectral", ranks);
        Check("mean-stable-rank", ranks / d);
        Check("log-frobenius-product", frobenius);
        Check("frobenius-sum", d * Math.Pow(Math.Exp(frobenius), 1 / d));
        Check("log-frobenius-product-over-margin", frobenius - Math.Log(squared));
        Check("frobenius-sum-over-margin", d * Math.Pow(Math.Exp(frobenius) / squared, 1 / d));
        Check("spectral-distance-from-init", moved.Sum(norm => norm.Spectral * norm.Spectral));
        Check("frobenius-distance-from-init", moved.Sum(norm => norm.Frobenius * norm.Frobenius));
        Check("normalized-margin", margin / norms.Aggregate(1.0, (product, norm) => product * norm.Spectral));
        Check("parameter-norm", network.W.Sum(weight => weight * weight));
        Check("distance-from-init", Travel().Sum(step => step * step));
        Check("parameter-count", network.Weights.Length);
        Check("training-images", Datasets.Digits().Train.Count);
        Check("steps-to-tenth", 210);
        Check("steps-tenth-to-hundredth", 123);
        Measurement ranksByLayer = Found("frobenius-over-spectral");
        Assert.That(ranksByLayer.Layers.Select(layer => layer.Name), Is.EqualTo(network.Matrices.Select(matrix => matrix.Name)));
        Assert.That(ranksByLayer.Layers.Sum(layer => layer.Value), Is.EqualTo(ranksByLayer.Value).Within(1e-9));
        OfLayers("frobenius-sum", norm => norm.Frobenius * norm.Frobenius);
        OfLayers("spectral-sum-over-margin", norm => norm.Spectral * norm.Spectral);
        OfLayers("normalized-margin", norm => norm.Spectral);
        OfLayers("log-spectral-product", norm => 2 * Math.Log(norm.Spectral));

        void OfLayers(string measure, Func<(double Spectral, double Frobenius), double> value) => Assert.That(
            Found(measure).Layers.Select(layer => layer.Value), Is.EqualTo(norms.Select(value)).Within(1e-6), measure);
    }

    /// <summary>The norms of the layers as maps, from their matrices written out column by column.</summary>
    [Test]
    public void NormsOfMaps()
    {
        double sum = 0;
        int at = 0;
        foreach (DoubleNetwork.Layer layer in network.Twin.Layers)
        {
            if (layer is DoubleNetwork.Conv map)
            {
                double[] weights = network.W[at..(at + map.Weights - map.Outputs)];
                double[][] columns = [.. Enumerable.Range(0, map.In.Count).Select(i =>
                {
                    double[] unit = new double[map.In.Count];
                    unit[i] = 1;
                    return map.Forward([.. weights, .. new double[map.Outputs]], unit);
                })];
                sum += 2 * Math.Log(Matrix<double>.Build.DenseOfColumnArrays(columns).Svd(false).S[0]);
            }

            at += layer.Weights;
        }

        double margin = Margins()[(network.Labels.Length / 10) - 1];
        Check("log-operator-product", sum);
        Check("log-operator-product-over-margin", sum - (2 * Math.Log(margin)));
    }

    [Test]
    public void Outputs()
    {
        double margin = Margins()[(network.Labels.Length / 10) - 1];
        Check("margin", margin);
        Check("inverse-squared-margin", 1 / (margin * margin), 2e-5);
        double[][] p = [.. network.Pictures.Select(picture => DoubleNetwork.Softmax(network.Twin.Logits(network.W, picture)))];
        Check("output-entropy", p.Average(row => -row.Sum(one => one * Math.Log(one))));
        Check("training-loss", network.Twin.Mean(network.W, network.Pictures, network.Labels).Loss);
    }

    [Test]
    public void PathNorm()
    {
        if (name == "batch norm")
        {
            Assert.That(Row("path-norm").Obstacle!(network.Subject), Does.Contain("batch norm"));
            Assert.That(() => Found("path-norm"), Throws.InvalidOperationException.With.Message.Contains("batch norm"));
            return;
        }

        double norm = network.Twin.Logits([.. network.W.Select(weight => weight * weight)], [.. Enumerable.Repeat(1.0, 64)])
            .Sum();
        double margin = Margins()[(network.Labels.Length / 10) - 1];
        Check("path-norm", norm);
        Check("path-norm-over-margin", norm / (margin * margin), 2e-5);
    }

    [Test]
    public void GradientsOfImages()
    {
        double[][] gradients = [.. network.Pictures.Zip(
            network.Labels, (picture, label) => network.Twin.Loss(network.W, picture, label).Gradient)];
        double[] mean = [.. Enumerable.Range(0, network.W.Length).Select(i => gradients.Average(gradient => gradient[i]))];
        Check("gradient-noise", gradients.Average(gradient => gradient.Zip(mean, (g, m) => (g - m) * (g - m)).Sum()));
        Check(
            "fisher-rao-norm",
            Math.Pow(network.Matrices.Length + 1, 2) * gradients.Average(
                gradient => Math.Pow(gradient.Zip(network.W, (g, w) => g * w).Sum(), 2)), 2e-5);
    }

    [Test]
    public void AdaptiveSharpness()
    {
        double[] w = network.W, point = w;
        double[] t = [.. w.Select(weight => Math.Abs(weight) + 0.01)];
        (double loss, double[] gradient) = network.Twin.Mean(w, network.Pictures, network.Labels);
        double largest = loss;
        for (int step = 0; step < 10; step++)
        {
            double length = Math.Sqrt(t.Zip(gradient, (scale, g) => scale * scale * g * g).Sum());
            point = [.. w.Select((weight, i) => weight + (0.5 * t[i] * t[i] * gradient[i] / length))];
            (double here, gradient) = network.Twin.Mean(point, network.Pictures, network.Labels);
            largest = Math.Max(largest, here);
        }

        Check("adaptive-sharpness", largest - loss);
    }

    /// <summary>
    /// The curvature by second differences of the loss, the minimum over scales by descent in their logarithms.
    /// </summary>
    [Test]
    public void NormalizedSharpness()
    {
        double[] w = network.W, curvature = new double[w.Length];
        foreach (double[] picture in network.Pictures)
        {
            double[] p = DoubleNetwork.Softmax(network.Twin.Logits(w, picture));
            for (int c = 0; c < p.Length; c++)
            {
                double[] gradient = network.Twin.Loss(w, picture, c).Gradient;
                for (int i = 0; i < w.Length; i++)
                {
                    curvature[i] += p[c] * gradient[i] * gradient[i] / network.Pictures.Length;
                }
            }
        }

        // With ReLU the logits are linear in a single weight for a small step: Gauss-Newton's diagonal is the Hessian's.
        const double Step = 1e-5;
        foreach (int i in (int[])[0, 7, w.Length / 2, w.Length - 11])
        {
            double[] up = [.. w], down = [.. w];
            (up[i], down[i]) = (w[i] + Step, w[i] - Step);
            double second = (network.Twin.Mean(up, network.Pictures, network.Labels).Gradient[i]
                - network.Twin.Mean(down, network.Pictures, network.Labels).Gradient[i]) / (2 * Step);
            Assert.That(curvature[i], Is.EqualTo(second).Within(1e-7 + (1e-4 * second)), $"weight {i}");
        }

        double value = network.Matrices.Sum(matrix =>
        {
            double[,] h = new double[matrix.Inputs, matrix.Outputs], v = new double[matrix.Inputs, matrix.Outputs];
            for (int k = 0; k < matrix.Positions * matrix.Inputs * matrix.Outputs; k++)
            {
                int i = k / matrix.Outputs % matrix.Inputs, j = k % matrix.Outputs;
                h[i, j] += curvature[matrix.Start + k];
                v[i, j] += w[matrix.Start + k] * w[matrix.Start + k];
            }

            return LeastByDescent(h, v);
        });
        Check("normalized-sharpness", value);
    }

    [TestCase(false, false)]
    [TestCase(false, true)]
    [TestCase(true, false)]
    [TestCase(true, true)]
    public void Flatness(bool worstCase, bool magnitudeAware)
    {
        double[] w = network.W;
        double goal = network.Twin.Accuracy(w, network.Pictures, network.Labels) - 0.1;
        Func<double, double> accuracy = worstCase ? sigma => AtTheWorst(sigma, magnitudeAware)
            : sigma => UnderNoise(sigma, magnitudeAware);

        // The largest level on a grid of factors 2^(1/64) that costs at most a tenth, enclosed by a factor 2 as the search does.
        double low = 1.0 / 16;
        if (accuracy(low) >= goal)
        {
            for (; accuracy(2 * low) >= goal; low *= 2)
            {
            }
        }
        else
        {
            for (low /= 2; accuracy(low) < goal; low /= 2)
            {
            }
        }

        double exponent = 0;
        for (double half = 0.5; half >= 1.0 / 64; half /= 2)
        {
            exponent += accuracy(low * Math.Pow(2, exponent + half)) >= goal ? half : 0;
        }

        double level = low * Math.Pow(2, exponent), m = w.Length, n = Datasets.Digits().Train.Count;
        string family = (worstCase ? "sharpness" : "pacbayes") + (magnitudeAware ? "-magnitude" : "");
        Check($"{family}-flatness", 1 / (level * level));
        foreach ((string from, double[] r) in new[] { ("origin", w), ("init", Travel()) })
        {
            double length = r.Sum(x => x * x);
            double c = worstCase ? 4 * Math.Log(2 * m / 0.05) : 1;
            double divergence = !magnitudeAware ? length * (worstCase ? Math.Log(2 * m) : 1) / (4 * level * level)
                : r.Sum(x => 0.25 * Math.Log(
                    (1e-6 + ((level * level + c) * length / m)) / (1e-6 + (level * level * x * x))));
            Check($"{family}-from-{from}", divergence + Math.Log(n / level) + 10);
        }
    }

    [Test]
    public void TailsOfSpectra()
    {
        List<(double Alpha, double[] Values)> layers = [];
        foreach ((_, int start, int positions, int inputs, int outputs) in network.Matrices)
        {
            double[] values = [.. Enumerable.Range(0, positions).SelectMany(position => Matrix<double>.Build.Dense(
                inputs, outputs,
                (i, j) => network.W[start + (((position * inputs) + i) * outputs) + j]).Svd(false).S.Select(s => s * s))
                .Where(value => value > 0).Order()];
            if (values.Length < 10)
            {
                continue;
            }

            (double Distance, double Alpha) best = (double.PositiveInfinity, 0);
            for (int k = 0; k + 1 < values.Length; k++)
            {
                double[] tail = values[k..];
                double alpha = 1 + (tail.Length / tail.Sum(x => Math.Log(x / values[k])));
                double distance = tail.Select((x, i) => Math.Abs(
                    1 - Math.Pow(values[k] / x, alpha - 1) - ((double)i / tail.Length))).Max();
                best = distance < best.Distance ? (distance, alpha) : best;
            }

            layers.Add((best.Alpha, values));
        }

        if (layers.Count == 0)
        {
            Assert.That(Row("tail-exponent").Obstacle!(network.Subject), Does.Contain("10 different eigenvalues"));
            return;
        }

        Check("tail-exponent", layers.Average(layer => layer.Alpha));
        Check("weighted-tail-exponent", layers.Average(layer => layer.Alpha * Math.Log10(layer.Values[^1])));
        Check("log-norm", layers.Average(layer => Math.Log10(layer.Values.Sum())));
        Check("log-spectral-norm", layers.Average(layer => Math.Log10(layer.Values[^1])));
        Check("log-alpha-norm", layers.Average(layer => Math.Log10(layer.Values.Sum(value => Math.Pow(value, layer.Alpha)))));
    }

    private static Measure Row(string measure) => PacGen.Nn.Measures.All.Single(row => row.Name == measure);

    private Measurement Found(string measure) => Row(measure).Of(network.Subject, 1, null, default);

    private void Check(string measure, double expected, double tolerance = 1e-5)
    {
        Assert.That(Row(measure).Obstacle?.Invoke(network.Subject), Is.Null, measure);
        Assert.That(Found(measure).Value, Is.EqualTo(expected).Within(tolerance * Math.Abs(expected)), measure);
    }

    private double[] Travel() => [.. network.W.Zip(network.First, (weight, first) => weight - first)];

    private (double Spectral, double Frobenius)[] Norms(double[] numbers) => [.. network.Matrices.Select(matrix =>
    {
        int rows = matrix.Positions * matrix.Inputs;
        double[] singular = Matrix<double>.Build.Dense(
            rows, matrix.Outputs, (i, j) => numbers[matrix.Start + (i * matrix.Outputs) + j]).Svd(false).S.ToArray();
        return (singular.Max(), Math.Sqrt(singular.Sum(s => s * s)));
    })];

    private double[] Margins() => [.. network.Pictures.Zip(network.Labels, (picture, label) =>
    {
        double[] logits = network.Twin.Logits(network.W, picture);
        return logits[label] - logits.Where((_, c) => c != label).Max();
    }).Order()];

    /// <summary>The noise is the library's own; what it does to the network is not.</summary>
    private double UnderNoise(double sigma, bool magnitudeAware)
    {
        using DeviceBuffer point = Device.Cpu.Allocate(network.W.Length), level = Device.Cpu.Allocate(network.W.Length);
        level.Write(0, [.. network.W.Select(
            weight => (float)(magnitudeAware ? Math.Sqrt((sigma * sigma * weight * weight) + 1e-6) : sigma))]);
        using RandomMapLaunch<NoiseSettings> noise = RandomMapLaunch<NoiseSettings>.Create<NoiseOfOwnLevels<GaussianNoise>>(
            Device.Cpu, new Region(point), new Region(network.Arena.Weights), new Region(level));
        double sum = 0;
        for (uint draw = 0; draw < 10; draw++)
        {
            noise.Settings = NoiseSettings.Unlimited(1, 1, 0x666C_6174, draw);
            noise.Run();
            sum += network.Twin.Accuracy(
                [.. new Region(point).ToArray().Select(weight => (double)weight)], network.Pictures, network.Labels);
        }

        return sum / 10;
    }

    private double AtTheWorst(double sigma, bool magnitudeAware)
    {
        double[] w = network.W, point = w, z = new double[w.Length];
        for (int step = 0; step < 5; step++)
        {
            double[] gradient = network.Twin.Mean(point, network.Pictures, network.Labels).Gradient;
            z = [.. z.Select((value, i) => Math.Clamp(value + (2.0 / (step + 2) * Math.Sign(gradient[i])), -1, 1))];
            point = [.. w.Select((weight, i) => weight + (z[i] * (magnitudeAware ? (sigma * Math.Abs(weight)) + 1e-3 : sigma)))];
        }

        return network.Twin.Accuracy(point, network.Pictures, network.Labels);
    }

    /// <summary>min ½·Σ(h·e^(a+b) + v·e^(−a−b)) over a by row and b by column, by gradient descent with halved steps.</summary>
    private static double LeastByDescent(double[,] h, double[,] v)
    {
        int rows = h.GetLength(0), columns = h.GetLength(1);
        double[] at = new double[rows + columns];
        double value = Sum(at, out double[] gradient);
        double step = 1;
        for (int turn = 0; turn < 200_000 && step > 1e-14; turn++)
        {
            double[] next = [.. at.Zip(gradient, (x, g) => Math.Clamp(x - (step * g), -30, 30))];
            double there = Sum(next, out double[] slope);
            if (there < value)
            {
                (at, gradient, step) = (next, slope, step * 1.5);
                value = there;
            }
            else
            {
                step /= 4;
            }
        }

        return value;

        double Sum(double[] x, out double[] slope)
        {
            slope = new double[x.Length];
            double sum = 0;
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < columns; j++)
                {
                    double scale = Math.Exp(x[i] + x[rows + j]), grows = h[i, j] * scale / 2, falls = v[i, j] / scale / 2;
                    sum += grows + falls;
                    slope[i] += grows - falls;
                    slope[rows + j] += grows - falls;
                }
            }

            return sum;
        }
    }
}
