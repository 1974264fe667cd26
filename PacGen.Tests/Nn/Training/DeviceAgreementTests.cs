using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;
using PacGen.Tests.Trajectories;

namespace PacGen.Tests.Nn;

/// <summary>Training, evaluation and score take the same course on every device, but for how far rounding errors grow.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(GpuIds))]
internal sealed class DeviceAgreementTests(string id) : DeviceFixture(id)
{
    private const ulong Seed = 7;

    /// <summary>
    /// How far rounding errors grow is measured on the CPU: by runs from weights that are moved by a few units in the last place.
    /// They grow by jumps too, where a ReLU or a maximum of another pixel takes over, or a gradient crosses β₂; so there are
    /// several runs.
    /// </summary>
    [Test]
    public void TrainingCurvesAgreeWithinRoundingGrowth([Values("mlp", "mnist-cnn")] string model, [Values] bool perturbed)
    {
        TrajectoryFile file = TrajectoryFile.Open(model);
        int steps = !IsSlow ? 100 : model == "mlp" ? 10 : 4, batch = IsSlow ? 4 : file.BatchSize;
        float[] initial = file.Initial;
        double[] expected = Losses(Device.Cpu, model, perturbed, file, initial, steps, batch);
        List<double[]> moved = [];
        foreach (int units in (int[])[4, 16])
        {
            for (uint run = 0; run < 4; run++)
            {
                RandomStream random = new(Seed, run);
                float[] weights = [.. initial.Select(weight =>
                    BitConverter.Int32BitsToSingle(
                        BitConverter.SingleToInt32Bits(weight) + (random.NextBelow(2) == 0 ? units : -units)))];
                moved.Add(Losses(Device.Cpu, model, perturbed, file, weights, steps, batch));
            }
        }

        double[] actual = Losses(Device, model, perturbed, file, initial, steps, batch);
        double growth = 0;
        for (int step = 0; step < steps; step++)
        {
            growth = Math.Max(growth, moved.Max(losses => Math.Abs(losses[step] - expected[step])));
            double allowed = (3 * growth) + (1e-6 * (1 + expected[step]));
            Assert.That(
                actual[step], Is.EqualTo(expected[step]).Within(allowed),
                $"loss of step {step + 1} on {Device.Name}, seed {Seed}");
        }

        TestContext.Out.WriteLine(
            $"{model} on {Device.Name}: loss {expected[0]:G6} to {expected[^1]:G6} in {steps} steps; largest distance " +
                $"{actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max():G2}, of runs moved by rounding {growth:G2}");
    }

    /// <summary>Two steps and the score of networks that have the other layers.</summary>
    [Test]
    public void ArchitecturesComeToTheSame([Values("attention", "depthwise", "recurrent")] string name)
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(8), digits.Test.Take(4));
        EpochResult expected = Run(Device.Cpu), actual = Run(Device);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(actual.StepLoss, Is.EqualTo(expected.StepLoss).Within(1e-5 * expected.StepLoss));
            Assert.That(actual.TestLoss, Is.EqualTo(expected.TestLoss).Within(1e-5 * expected.TestLoss));
            Assert.That(actual.Score!.Psi, Is.EqualTo(expected.Score!.Psi).Within(1e-3 * Math.Abs(expected.Score.Psi)));
        }

        EpochResult Run(Device device)
        {
            using Trainer trainer = new(Architectures.Of(name), few, new Sgd(0.01), new TrainingOptions
            {
                Epochs = 1, BatchSize = 4, Seed = Seed, Device = device,
                    Score = new ScoreOptions { Images = 4, BatchSize = 4, Draws = 1 },
            });
            return trainer.Run()[0];
        }
    }

    /// <summary>
    /// Shuffling, dropout, a smaller last batch, clipping, evaluation and score included. Adam would divide the rounding error
    /// that is the gradient of a bias ahead of batch norm by its own size, and such a bias would walk at random.
    /// </summary>
    [Test]
    public void AnEpochComesToTheSame([Values] bool perturbed, [Values] bool batchNorm)
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(54), digits.Test.Take(30));
        EpochResult expected = Run(Device.Cpu), actual = Run(Device);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(actual.StepLoss, Is.EqualTo(expected.StepLoss).Within(1e-5 * expected.StepLoss));
            Assert.That(actual.TrainLoss, Is.EqualTo(expected.TrainLoss).Within(1e-5 * expected.TrainLoss));
            Assert.That(actual.TestLoss, Is.EqualTo(expected.TestLoss).Within(1e-5 * expected.TestLoss));
            Assert.That(actual.TestAccuracy, Is.EqualTo(expected.TestAccuracy));
            Assert.That(actual.Score!.Psi, Is.EqualTo(expected.Score!.Psi).Within(1e-4 * Math.Abs(expected.Score.Psi)));
        }

        EpochResult Run(Device device)
        {
            Conv2d convolution = new(1, 4, 3, padding: 1, bias: !(perturbed && batchNorm));
            Module features = batchNorm ? new Sequential(convolution, new BatchNorm(4)) : convolution;
            Sequential model = new(features, new MaxPool2d(2), new Relu(), new Flatten(), new Dropout(0.3), new Linear(64, 10));
            using Trainer trainer = new(model, few, Optimizer(perturbed), new TrainingOptions
            {
                Epochs = 1,
                BatchSize = 12,
                Seed = Seed,
                Device = device,
                ClipNorm = 0.5,
                Score = new ScoreOptions { Images = 24, BatchSize = 12, Draws = 1 },
            });
            return trainer.Run()[0];
        }
    }

    /// <summary>Batch norm subtracts the mean, so what is added ahead of it changes nothing.</summary>
    [Test]
    public void ABiasAheadOfBatchNormHasNoGradient()
    {
        Conv2d convolution = new(1, 4, 3, padding: 1);
        Sequential model = new(convolution, new BatchNorm(4), new Relu(), new Flatten(), new Linear(256, 10));
        float[] images = new float[12 * 64], labels = new float[12];
        Datasets.Digits().Train.Gather([.. Enumerable.Range(0, 12)], images, labels);
        using ParameterArena arena = new(model, Device, Seed);
        using DeviceBuffer gradients = Device.Allocate(arena.Count);
        using BatchGraph graph =
            new(model, arena, arena.Weights, gradients, Loss.CrossEntropy, SampleForm.OfImages(8, 8, 1), Seed);
        graph.Run(images, labels, 0);
        double weight = Largest(0), bias = Largest(1);
        Assert.That(weight, Is.GreaterThan(0.01));
        Assert.That(bias, Is.LessThan(1e-5 * weight));

        double Largest(int parameter)
        {
            Region region = convolution.Parameters[parameter].Region!.Value;
            return new Region(gradients).Slice(region.Start, region.Count).ToArray().Max(Math.Abs);
        }
    }

    [Test]
    public void AWrongLabelIsSaidWhenTheLossIsRead()
    {
        Mlp model = new(3, 2);
        using ParameterArena arena = new(model, Device, Seed);
        using BatchGraph graph = new(model, arena, arena.Weights, null, Loss.CrossEntropy, SampleForm.OfImages(3), null);
        graph.Run(new float[12], [0, 1, 2, 0]);
        Assert.That(() => graph.Loss(), Throws.TypeOf<InvalidDataException>().With.Message.Contains(
            "row 2 is 2").And.Message.Contains("from 0 to 1"));
        graph.Run(new float[12], [0, 1, 1, 0]);
        Assert.That(graph.Loss(), Is.EqualTo(MathF.Log(2)).Within(0.5), "the fault was said once");
    }

    private static Optimizer Optimizer(bool perturbed) =>
        perturbed ? new PerturbedOptimizer(new Adam(1e-3), eta: 0.01) : new Sgd(0.01, momentum: 0.9);

    private static double[] Losses(
        Device device, string model, bool perturbed, TrajectoryFile file, float[] weights, int steps, int batch)
    {
        Module module = model == "mlp" ? new Mlp(64, 48, 32, 10) : new MnistCnn();
        using ParameterArena arena = new(module, device, 1);
        arena.Load(weights);
        using DeviceBuffer gradients = device.Allocate(arena.Count);
        using OptimizerSession session = Optimizer(perturbed).Attach(arena, gradients, Seed);
        using BatchGraph graph =
            new(module, arena, session.ForwardWeights, gradients, Loss.CrossEntropy, SampleForm.OfImages(
                file.ImageExtents), Seed);
        double[] losses = new double[steps];
        int size = file.ImageExtents.Aggregate(1, (product, extent) => product * extent);
        int taken = 0;
        for (int step = 0; step < steps; step++)
        {
            float[] inputs = file.Inputs(step % file.Steps), labels = [
                .. file.Labels(step % file.Steps).Select(label => (float)label)];
            session.Begin(1, perturbed ? 1e-3 : model == "mlp" ? 0.05 : 0.01, double.PositiveInfinity);
            if (!graph.TryRunStep(inputs.AsSpan(0, batch * size), labels.AsSpan(0, batch), step, session))
            {
                session.Perturb(1);
                graph.Run(inputs.AsSpan(0, batch * size), labels.AsSpan(0, batch), step);
                session.Observe(graph.LossRegion, 1, first: true);
                session.Submit();
            }

            // As the trainer: steps are completed when no more may be in flight, and at the end.
            for (; step + 1 - taken >= (step + 1 == steps ? 1 : session.Depth); taken++)
            {
                StepOutcome outcome = session.Complete();
                Assert.That(outcome.End, Is.EqualTo(StepEnd.Done), $"step {taken + 1}");
                losses[taken] = outcome.Loss;
            }
        }

        if (device is GpuDevice { Kind: DeviceKind.Cuda } gpu)
        {
            Assert.That(gpu.GraphObstacle, Is.Empty, "whole steps are recorded");
        }

        return losses;
    }
}
