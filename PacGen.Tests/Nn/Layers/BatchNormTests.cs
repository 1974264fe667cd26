using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Batch normalisation against its formulas in double, and what becomes of its running statistics.</summary>
internal sealed class BatchNormTests
{
    /// <summary>The state of <see cref="Network"/> at first: means and variances of 6 and of 10 channels.</summary>
    private static readonly float[] Initial =
        [.. new float[6], .. Enumerable.Repeat(1f, 6), .. new float[10], .. Enumerable.Repeat(1f, 10)];

    [TestCase(new[] { 5, 3 }, 30, 1e-5)]
    [TestCase(new[] { 3, 2, 5, 7 }, 30, 1e-5)]
    [TestCase(new[] { 2, 17, 3, 33 }, 30, 1e-5)]
    [TestCase(new[] { 64, 8, 8, 16 }, 30, 1e-5)]
    [TestCase(new[] { 64, 8, 8, 16 }, 1000, 1e-4)]
    public void FollowsItsFormulas(int[] extents, float middle, double tolerance)
    {
        int channels = extents[^1], count = extents.Aggregate(1, (a, b) => a * b) / channels;
        const double Momentum = 0.3, Epsilon = 1e-3;
        Sequential model = new(new BatchNorm(channels, Epsilon, Momentum));
        using ParameterArena arena = new(model, Device.Cpu, 1);
        float[] weight = Gaussians(1, channels), bias = Gaussians(2, channels), mean = Gaussians(3, channels);
        float[] variance = [.. Gaussians(4, channels).Select(value => 0.5f + Math.Abs(value))];
        arena.Load([.. weight, .. bias]);
        arena.LoadState([.. mean, .. variance]);

        // A mean far from zero: a formula that cancels would show.
        float[] values = [.. Gaussians(5, count * channels).Select(value => value + middle)];
        Tensor x = Tensor.Input(new Shape(extents), "x");
        Tensor evaluated = model.Forward(x);
        TrainingContext context = new(1);
        model.Train(context);
        Tensor trained = model.Forward(x);
        model.Eval();
        Tensor[] next = [.. arena.States.Select(state => context.Next[state])];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [evaluated, trained, .. next]);
        graph[x].Write(values);
        graph.Run();
        double[] evaluation = new double[values.Length], training = new double[values.Length];
        double[] nextMean = new double[channels], nextVariance = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            double[] channel = [.. Enumerable.Range(0, count).Select(i => (double)values[(i * channels) + c])];
            double batchMean = channel.Average(), batchVariance = channel.Average(
                value => (value - batchMean) * (value - batchMean));
            for (int i = 0; i < count; i++)
            {
                training[(i * channels) + c] = ((channel[i] - batchMean) / Math.Sqrt(batchVariance + Epsilon) * weight[c]) + bias[
                    c];
                evaluation[(i * channels) + c] = ((channel[i] - mean[c]) / Math.Sqrt(variance[c] + Epsilon) * weight[c]) + bias[
                    c];
            }

            nextMean[c] = ((1 - Momentum) * mean[c]) + (Momentum * batchMean);
            nextVariance[c] = ((1 - Momentum) * variance[c]) + (Momentum * batchVariance * count / (count - 1));
        }

        Close(graph[evaluated].ToArray(), evaluation, tolerance / 5, "evaluation");
        Close(graph[trained].ToArray(), training, tolerance, "training");
        Close(graph[next[0]].ToArray(), nextMean, 1e-6, "running mean");
        Close(graph[next[1]].ToArray(), nextVariance, tolerance, "running variance, unbiased");
    }

    /// <summary>
    /// The compiled graph's gradient and Hessian-vector product against the double reference, and that against central
    /// differences.
    /// </summary>
    [Test]
    public void GradientsAndHessianVectorProductsAreRight([Values] bool training)
    {
        const int Channels = 3;
        BatchNorm layer = new(Channels);
        using ParameterArena arena = new(layer, Device.Cpu, 1);
        Tensor x = Tensor.Input(new Shape(4, 3, 2, Channels), "x");
        if (training)
        {
            layer.Train(new TrainingContext(1));
        }

        Tensor scalar = (layer.Forward(x).Tanh() * Tensor.Constant(x.Shape, Gaussians(9, (int)x.Shape.Count))).Mean();
        layer.Eval();
        Tensor[] of = [x, .. arena.Parameters.Select(parameter => parameter.Tensor)];
        Tensor[] along =
            [.. of.Select((tensor, i) => Tensor.Constant(tensor.Shape, Gaussians(20 + (uint)i, (int)tensor.Shape.Count)))];
        Tensor[] gradient = scalar.Gradient(of);
        Tensor slope = gradient.Zip(along, (g, v) => (g * v).Sum()).Aggregate((a, b) => a + b);
        Tensor[] product = slope.Gradient(of);
        Dictionary<Tensor, double[]> leaves = [];
        for (int i = 0; i < of.Length; i++)
        {
            leaves[of[i]] =
                [.. Gaussians(10 + (uint)i, (int)of[i].Shape.Count).Select(value => (double)(value + (i == 1 ? 2 : 0)))];
        }

        leaves[layer.State[0]] = [0.1f, -0.2f, 0.3f];
        leaves[layer.State[1]] = [0.5f, 1.5f, 2.5f];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [.. gradient, .. product]);
        arena.Load([.. leaves[of[1]].Concat(leaves[of[2]]).Select(value => (float)value)]);
        arena.LoadState([.. leaves[layer.State[0]].Concat(leaves[layer.State[1]]).Select(value => (float)value)]);
        graph[x].Write([.. leaves[x].Select(value => (float)value)]);
        graph.Run();
        for (int i = 0; i < of.Length; i++)
        {
            double[] exact = DoubleReference.Evaluate(gradient[i], leaves), exactProduct = DoubleReference.Evaluate(
                product[i], leaves);
            Close(graph[gradient[i]].ToArray(), exact, 1e-5, $"gradient {i}");
            Close(Differences(scalar, of[i], leaves), exact, 1e-6, $"gradient {i} against differences");
            Close(graph[product[i]].ToArray(), exactProduct, 5e-5, $"Hessian-vector product {i}");
            Close(Differences(slope, of[i], leaves), exactProduct, 1e-6, $"Hessian-vector product {i} against differences");
        }
    }

    [Test]
    public void ALayerThatIsUsedTwiceMovesItsStatisticsTwice()
    {
        BatchNorm layer = new(1, momentum: 0.5);
        using ParameterArena arena = new(layer, Device.Cpu, 1);
        TrainingContext context = new(1);
        layer.Train(context);
        Tensor once = layer.Forward(Tensor.Constant(new Shape(2, 1), [1, 3])), twice = layer.Forward(
            Tensor.Constant(new Shape(2, 1), [5, 7]));
        layer.Eval();
        Assert.That(context.Next[layer.State[0]].Evaluate(), Is.EqualTo(new[] { (0.5f * 0.5f * 2) + (0.5f * 6) }));
        Assert.That(once.Shape, Is.EqualTo(twice.Shape));
    }

    [Test]
    public void AReplayedStepMovesTheArenasStateWithoutAllocating()
    {
        Sequential model = Network();
        Dataset digits = Datasets.Digits();
        using ParameterArena arena = new(model, Device.Cpu, 1);
        using DeviceBuffer gradients = arena.Device.Allocate(arena.Count);
        using BatchGraph graph = new(model, arena, arena.Weights, gradients, Loss.CrossEntropy, SampleForm.OfImages(8, 8, 1), 1);
        using BatchLoader loader = BatchLoader.Sequential(digits.Train, 50);
        loader.Start(0);
        loader.TryNext(out Batch batch);
        graph.Run(batch.Samples, batch.Targets);
        float[] first = arena.SaveState();
        graph.Run(batch.Samples, batch.Targets);
        float[] second = arena.SaveState();
        for (int i = 0; i < first.Length; i++)
        {
            // r₁ = 0.9·r₀ + 0.1·b, r₂ = 0.9·r₁ + 0.1·b.
            double ofBatch = (first[i] - (0.9 * Initial[i])) / 0.1;
            Assert.That(second[i], Is.EqualTo((0.9 * first[i]) + (0.1 * ofBatch)).Within(1e-5), $"statistic {i}");
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        graph.Run(batch.Samples, batch.Targets);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void StatisticsAreReestimatedAtWBeforeEvaluationOfAPerturbedRun()
    {
        Dataset digits = Datasets.Digits();
        Sequential model = Network();
        using Trainer trainer = new(
            model, digits, new PerturbedOptimizer(new Adam(1e-3), 0.01, 1, 1e-2),
            new TrainingOptions { Epochs = 1, BatchSize = 50, Device = Device.Cpu });
        Assert.That(trainer.RunningStatistics, Is.EqualTo(RunningStatistics.Reestimated));
        trainer.Run();
        float[] state = trainer.Arena.SaveState(), weights = trainer.Arena.Save();

        // By the definition: the average over the whole batches of the statistics at w of the first layer's input, computed in
        // double.
        Conv2d convolution = (Conv2d)model.Layers[0];
        Tensor x = Tensor.Input(new Shape(50, 8, 8, 1), "x"), y = convolution.Forward(x);
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [y]);
        using BatchLoader loader = BatchLoader.Shuffled(digits.Train, 50, 1, dropLast: true);
        loader.Start(0);
        double[] mean = new double[6], variance = new double[6];
        while (loader.TryNext(out Batch batch))
        {
            graph[x].Write(batch.Samples);
            graph.Run();
            float[] values = graph[y].ToArray();
            for (int c = 0; c < 6; c++)
            {
                double[] channel = [.. Enumerable.Range(0, values.Length / 6).Select(i => (double)values[(i * 6) + c])];
                double average = channel.Average();
                mean[c] += average / loader.BatchCount;
                variance[c] += channel.Sum(value => (value - average) * (value - average)) / (
                    channel.Length - 1) / loader.BatchCount;
            }
        }

        Close(state[..6], mean, 1e-5, "running mean");
        Close(state[6..12], variance, 1e-5, "running variance");

        // Loaded weights want statistics of their own, and the same weights get the same bits.
        trainer.Arena.Load([.. weights.Select(weight => weight * 2)]);
        trainer.ReestimateStatistics();
        Assert.That(trainer.Arena.SaveState(), Is.Not.EqualTo(state));
        trainer.Arena.Load(weights);
        trainer.ReestimateStatistics();
        Assert.That(trainer.Arena.SaveState(), Is.EqualTo(state));
    }

    [Test]
    public void EachPolicyDoesWhatItSays()
    {
        Dataset digits = Datasets.Digits();
        float[] Run(RunningStatistics? policy, bool perturbed, out float[] weights, out RunningStatistics taken)
        {
            Optimizer optimizer = perturbed ? new PerturbedOptimizer(new Adam(1e-3), 0.01, 1, 1e-2) : new Adam(1e-3);
            using Trainer trainer = new(
                Network(), digits, optimizer,
                new TrainingOptions { Epochs = 1, BatchSize = 50, RunningStatistics = policy, Device = Device.Cpu });
            trainer.Run();
            weights = trainer.Arena.Save();
            taken = trainer.RunningStatistics;
            return trainer.Arena.SaveState();
        }

        Assert.That(Run(RunningStatistics.Kept, true, out float[] kept, out _), Is.EqualTo(Initial));
        float[] reestimated = Run(RunningStatistics.Reestimated, true, out float[] renewed, out _);
        float[] moved = Run(RunningStatistics.FromTrainingPass, true, out float[] passing, out _);
        Assert.That(renewed, Is.EqualTo(kept), "the policy is no part of training");
        Assert.That(passing, Is.EqualTo(kept));
        Assert.That(moved, Is.Not.EqualTo(reestimated).And.Not.EqualTo(Initial));
        float[] plain = Run(null, false, out _, out RunningStatistics taken);
        Assert.That(taken, Is.EqualTo(RunningStatistics.FromTrainingPass));
        Assert.That(plain, Is.EqualTo(Run(RunningStatistics.FromTrainingPass, false, out _, out _)));
    }

    /// <summary>Score and measures evaluate with the running statistics and leave them alone.</summary>
    [Test]
    public void ScoreAndMeasuresWorkWithBatchNorm()
    {
        Dataset digits = Datasets.Digits();
        Sequential model = new(
            new Conv2d(1, 6, 3, padding: 1), new BatchNorm(6), new Tanh(), new AvgPool2d(2), new Flatten(), new Linear(96, 10),
            new BatchNorm(10));
        using Trainer trainer =
            new(model, digits, new Adam(1e-3), new TrainingOptions { Epochs = 1, BatchSize = 50, Device = Device.Cpu });
        trainer.Run();
        float[] state = trainer.Arena.SaveState();
        PacGenScore score = trainer.Score(new ScoreOptions { Images = 200, Draws = 1 })!;
        Assert.That(double.IsFinite(score.Psi));
        Assert.That(score.LayerScores, Has.Count.EqualTo(8));
        using EmpiricalLoss empirical = new(model, trainer.Arena, digits.Test);
        Assert.That(empirical.Value(), Is.EqualTo(trainer.Evaluate(digits.Test).Loss).Within(1e-5));

        // (∇L̂(w + tv) − ∇L̂(w − tv))/2t ≈ ∇²L̂·v.
        float[] w = empirical.MoveToWeights();
        double[] v = [.. Gaussians(7, w.Length).Select(value => (double)value)], product = new double[
            w.Length], above = new double[w.Length], below = new double[w.Length];
        empirical.HessianProduct(v, product);
        const double T = 5e-4;
        empirical.MoveTo([.. w.Select((weight, i) => (float)(weight + (T * v[i])))]);
        empirical.Gradient(above);
        empirical.MoveTo([.. w.Select((weight, i) => (float)(weight - (T * v[i])))]);
        empirical.Gradient(below);
        double error =
            Math.Sqrt(product.Select((value, i) => value - ((above[i] - below[i]) / (2 * T))).Sum(value => value * value));
        Assert.That(error, Is.LessThan(0.02 * Math.Sqrt(product.Sum(value => value * value))));
        Assert.That(trainer.Arena.SaveState(), Is.EqualTo(state));
    }

    [Test]
    public void WhatCannotBeNormalisedIsRefused()
    {
        BatchNorm layer = new(3);
        Assert.That(
            () => layer.Forward(Tensor.Input(new Shape(4, 5), "x")),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(4, 5)"));
        layer.Train(new TrainingContext(1));
        Assert.That(
            () => layer.Forward(Tensor.Input(new Shape(1, 3), "x")),
            Throws.TypeOf<ShapeException>().With.Message.Contains("larger batch"));
        Assert.That(() => new BatchNorm(3, eps: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new BatchNorm(3, momentum: 1.5), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    /// <summary>The statistics are those of the prior's part, whatever the posterior learns from, and stay so.</summary>
    [Test]
    public void ACertificatesStatisticsAreThePriors()
    {
        CertifyOptions quick = new()
            { PriorEpochs = 2, PosteriorEpochs = 1, PriorLevels = [1000], Draws = 100, Device = Device.Cpu };
        Dataset digits = Datasets.Digits(), small = digits with { Train = digits.Train.Take(200), Test = digits.Test.Take(20) };
        Certificate learnt = Certifier.Certify(Network(), small, quick);
        Certificate kept = Certifier.Certify(Network(), small, quick with { PosteriorEpochs = 0 });
        Assert.That(learnt.State, Is.Not.Empty.And.EqualTo(kept.State));
        Assert.That(learnt.Mean, Is.Not.EqualTo(kept.Mean));
    }

    private static Sequential Network() =>
        new(new Conv2d(1, 6, 3, padding: 1), new BatchNorm(6), new Relu(), new MaxPool2d(2), new Flatten(), new Linear(
            96, 10), new BatchNorm(10));

    private static float[] Gaussians(uint stream, int count)
    {
        RandomStream random = new(4711, stream, 0);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)random.NextGaussian();
        }

        return values;
    }

    private static double[] Differences(Tensor scalar, Tensor x, Dictionary<Tensor, double[]> leaves)
    {
        const double Step = 1e-5;
        double[] values = leaves[x];
        return [.. values.Select((kept, i) =>
        {
            values[i] = kept + Step;
            double above = DoubleReference.Evaluate(scalar, leaves)[0];
            values[i] = kept - Step;
            double below = DoubleReference.Evaluate(scalar, leaves)[0];
            values[i] = kept;
            return (above - below) / (2 * Step);
        })];
    }

    private static void Close(float[] actual, double[] expected, double tolerance, string what) =>
        Close([.. actual.Select(value => (double)value)], expected, tolerance, what);

    private static void Close(double[] actual, double[] expected, double tolerance, string what) =>
        Assert.That(
            actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max() / Math.Max(expected.Max(Math.Abs), 1e-3),
            Is.LessThan(tolerance), $"{what} (seed 4711)");
}
