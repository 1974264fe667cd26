namespace PacGen.Tests.Trajectories;

/// <summary>The stored trajectories hold what their description says.</summary>
internal sealed class TrajectoryFileTests
{
    private static readonly string[] Optimizers = ["sgd", "momentum", "nesterov", "adam", "adam-l2", "adamw"];

    [TestCase("mlp", 32, new[] { 64 }, 5_018)]
    [TestCase("mnist-cnn", 8, new[] { 28, 28, 1 }, 21_840)]
    public void HoldsTenBatchesAndSixRuns(string model, int batch, int[] image, int parameters)
    {
        TrajectoryFile file = TrajectoryFile.Open(model);
        Assert.That(file.Steps, Is.EqualTo(10));
        Assert.That(file.BatchSize, Is.EqualTo(batch));
        Assert.That(file.ImageExtents, Is.EqualTo(image));
        Assert.That(file.Initial, Has.Length.EqualTo(parameters));
        Assert.That(file.Runs.Select(r => r.Optimizer), Is.EqualTo(Optimizers));
        foreach (TrajectoryRun run in file.Runs)
        {
            Assert.That(run.Losses, Has.Length.EqualTo(10));
            Assert.That(run.Losses[0], Is.EqualTo(file.Runs[0].Losses[0]), "the first loss comes before any step");
            double first = run.Losses.Take(5).Average(), last = run.Losses.Skip(5).Average();
            Assert.That(last, Is.LessThan(first), run.Optimizer);
            Assert.That(run.After.Keys, Is.SupersetOf(new[] { 1, 10 }));
            Assert.That(run.After.Values, Has.All.Length.EqualTo(parameters));
        }
    }

    [Test]
    public void ParametersStandInTheLayoutAndOrderOfTheArena()
    {
        TrajectoryFile file = TrajectoryFile.Open("mnist-cnn");
        Assert.That(file.Parameters.Select(p => $"{p.Name} {string.Join('x', p.Extents)}"), Is.EqualTo(new[]
        {
            "conv1.weight 5x5x1x10", "conv1.bias 10", "conv2.weight 5x5x10x20", "conv2.bias 20",
            "linear1.weight 320x50", "linear1.bias 50", "linear2.weight 50x10", "linear2.bias 10",
        }));
        file = TrajectoryFile.Open("mlp");
        Assert.That(file.Parameters.Select(p => $"{p.Name} {string.Join('x', p.Extents)}"), Is.EqualTo(new[]
        {
            "layers.0.weight 64x48", "layers.0.bias 48", "layers.1.weight 48x32", "layers.1.bias 32", "layers.2.weight 32x10",
                "layers.2.bias 10",
        }));
    }

    /// <summary>The first loss, computed here in double: it holds only if inputs, labels and layouts are read right.</summary>
    [TestCase("mlp")]
    [TestCase("mnist-cnn")]
    public void TheFirstLossFollowsFromWeightsInputsAndLabels(string model)
    {
        TrajectoryFile file = TrajectoryFile.Open(model);
        float[] inputs = file.Inputs(0);
        int[] labels = file.Labels(0);
        int size = inputs.Length / file.BatchSize;
        double loss = 0;
        for (int image = 0; image < file.BatchSize; image++)
        {
            double[] x = [.. inputs.Skip(image * size).Take(size).Select(v => (double)v)];
            for (int layer = 0; layer < file.Parameters.Count; layer += 2)
            {
                TrajectoryParameter weight = file.Parameters[layer], bias = file.Parameters[layer + 1];
                x = weight.Extents.Length == 4 ? ConvolveAndPool(x, weight, bias) : Multiply(x, weight, bias);
                x = layer + 2 < file.Parameters.Count ? [.. x.Select(v => Math.Max(v, 0))] : x;
            }

            loss += Math.Log(x.Sum(Math.Exp)) - x[labels[image]];
        }

        Assert.That(loss / file.BatchSize, Is.EqualTo(file.Runs[0].Losses[0]).Within(1e-5));
    }

    /// <summary>After one step all runs tell the same gradient, which plain SGD's step shows.</summary>
    [TestCase("mlp")]
    [TestCase("mnist-cnn")]
    public void TheFirstStepsShareOneGradient(string model)
    {
        TrajectoryFile file = TrajectoryFile.Open(model);
        float[] w = file.Initial;
        TrajectoryRun sgd = file.Runs[0];
        double[] gradient = [.. w.Zip(sgd.After[1], (before, after) => ((double)before - after) / sgd.LearningRate)];
        foreach (TrajectoryRun run in file.Runs)
        {
            float[] stepped = run.After[1];
            for (int i = 0; i < w.Length; i++)
            {
                double g = gradient[i] + (run.Optimizer == "adamw" ? 0 : run.WeightDecay * w[i]);
                if (run.Beta2 != 0 && Math.Abs(g) < 1e-5)
                {
                    continue; // Adam's first step is the gradient's sign, which rounding hides here.
                }

                double step = run.Beta2 != 0
                    ? run.LearningRate * (
                        (g / (Math.Abs(g) + run.Epsilon)) + (run.Optimizer == "adamw" ? run.WeightDecay * w[i] : 0))
                    : run.LearningRate * g * (run.Nesterov ? 1 + run.Momentum : 1);
                Assert.That(stepped[i], Is.EqualTo(w[i] - step).Within(2e-6), $"{run.Optimizer}, parameter {i}");
            }
        }
    }

    private static double[] Multiply(double[] x, TrajectoryParameter weight, TrajectoryParameter bias)
    {
        int outputs = weight.Extents[1];
        return [.. bias.Initial.Select((b, o) => b + x.Select((v, i) => v * weight.Initial[(i * outputs) + o]).Sum())];
    }

    /// <summary>
    /// A square image (height, width, channels), convolved without padding, then the maximum of each 2×2 block.
    /// </summary>
    private static double[] ConvolveAndPool(double[] x, TrajectoryParameter weight, TrajectoryParameter bias)
    {
        int kernel = weight.Extents[0], channels = weight.Extents[2], outputs = weight.Extents[3];
        int side = (int)Math.Sqrt(x.Length / channels), pooled = (side - kernel + 1) / 2;
        double[] y = new double[pooled * pooled * outputs];
        Array.Fill(y, double.NegativeInfinity);
        for (int row = 0; row < 2 * pooled; row++)
        {
            for (int column = 0; column < 2 * pooled; column++)
            {
                for (int o = 0; o < outputs; o++)
                {
                    double sum = bias.Initial[o];
                    for (int tap = 0; tap < kernel * kernel * channels; tap++)
                    {
                        int c = tap % channels, kx = tap / channels % kernel, ky = tap / channels / kernel;
                        sum += x[((((row + ky) * side) + column + kx) * channels) + c] * weight.Initial[(tap * outputs) + o];
                    }

                    ref double block = ref y[((((row / 2) * pooled) + (column / 2)) * outputs) + o];
                    block = Math.Max(block, sum);
                }
            }
        }

        return y;
    }
}
