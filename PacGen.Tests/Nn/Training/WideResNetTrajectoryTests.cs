using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Trajectories;

namespace PacGen.Tests.Nn;

/// <summary>
/// Twenty steps of Wide-ResNets follow libtorch's from the same weights on the same batches: losses, weights, and the batch
/// norms' running statistics.
/// </summary>
internal sealed class WideResNetTrajectoryTests
{
    private const double Tolerance = 1e-3;

    [Test]
    public void FollowsLibtorch([Values(10, 16)] int depth, [Values("momentum", "adam")] string optimizer)
    {
        TrajectoryFile file = TrajectoryFile.Open($"wrn-{depth}-1");
        TrajectoryRun run = file.Runs.Single(candidate => candidate.Optimizer == optimizer);
        WideResNet module = new(depth, 1, 10);
        using ParameterArena arena = new(module, Device.Cpu, 1);
        Assert.That(
            arena.Parameters.Select(parameter => $"{parameter.Name} {parameter.Shape}"),
            Is.EqualTo(file.Parameters.Select(parameter => $"{parameter.Name} ({string.Join(", ", parameter.Extents)})")),
            "the reference code's names and order");
        arena.Load(file.Initial);
        using DeviceBuffer gradients = arena.Device.Allocate(arena.Count);

        // libtorch got the settings as doubles; stored as floats, 1 − 0.999 would be off by 10⁻⁵.
        Optimizer rule = optimizer == "adam"
            ? new Adam(Math.Round(run.LearningRate, 6), Math.Round(run.Beta1, 6), Math.Round(run.Beta2, 6), run.Epsilon)
            : new Sgd(Math.Round(run.LearningRate, 6), Math.Round(run.Momentum, 6));
        using OptimizerSession session = rule.Attach(arena, gradients, 1);
        using BatchGraph graph =
            new(module, arena, session.ForwardWeights, gradients, Loss.CrossEntropy, SampleForm.OfImages(file.ImageExtents), 1);
        for (int step = 0; step < file.Steps; step++)
        {
            graph.Run(file.Inputs(step), [.. file.Labels(step).Select(label => (float)label)], step);
            Assert.That(
                graph.Loss(), Is.EqualTo(run.Losses[step]).Within(Tolerance * run.Losses[step]), $"loss of step {step + 1}");
            session.TryUpdate(rule.LearningRate);
        }

        float[] weights = arena.Save(), expected = run.After[file.Steps];
        int start = 0, keptStart = 0;
        double worst = 0, apart = 0, size = 0, moved = 0;
        foreach (TrajectoryParameter parameter in file.Parameters)
        {
            float[] actual = file.Kept(weights.AsSpan(start, parameter.Initial.Length)), before = file.Kept(parameter.Initial);
            float[] wanted = expected[keptStart..(keptStart + actual.Length)];
            start += parameter.Initial.Length;
            keptStart += actual.Length;
            double difference = SquaredDistance(actual, wanted);

            // A bias that began at zero has hardly a size of its own: what it is added to is of size one.
            double largest = Math.Max(Math.Sqrt(wanted.Average(w => (double)w * w)), 0.1);
            worst = Math.Max(worst, Math.Sqrt(difference / actual.Length) / largest);
            apart += difference;
            size += SquaredDistance(wanted, new float[wanted.Length]);
            moved += SquaredDistance(wanted, before);
        }

        Assert.That(keptStart, Is.EqualTo(expected.Length));
        float[] state = arena.SaveState(), statistics = run.State[file.Steps];
        Assert.That(state, Has.Length.EqualTo(statistics.Length));
        int at = 0;
        double worstStatistic = 0;
        foreach (StateTensor statistic in arena.States)
        {
            Range part = at..(at += (int)statistic.Shape.Count);
            worstStatistic = Math.Max(worstStatistic, Math.Sqrt(SquaredDistance(state[part], statistics[part]) / SquaredDistance(
                statistics[part], new float[statistics[part].Length])));
        }

        TestContext.Out.WriteLine(
            $"weights {Math.Sqrt(apart / size):E1}, worst parameter {worst:E1}, of the way {Math.Sqrt(apart / moved):E1}, " +
            $"worst statistic {worstStatistic:E1}");
        Assert.Multiple(() =>
        {
            Assert.That(Math.Sqrt(apart / size), Is.LessThan(Tolerance), "‖w − w′‖/‖w′‖");
            Assert.That(worst, Is.LessThan(Tolerance), "the same of the parameter that is farthest off");
            Assert.That(
                Math.Sqrt(apart / moved), Is.LessThan(0.03),
                "‖w − w′‖/‖w′ − w₀‖: the way that was gone, not only where it began");
            Assert.That(
                worstStatistic, Is.LessThan(Tolerance), "‖s − s′‖/‖s′‖ of the running mean or variance that is farthest off");
        });
    }

    private static double SquaredDistance(float[] a, float[] b) => a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum();
}
