using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Trajectories;

namespace PacGen.Tests.Nn;

/// <summary>
/// Ten steps of each optimizer on each model follow libtorch's ten steps from the same weights on the same batches.
/// </summary>
internal sealed class TrajectoryTests
{
    private const double Tolerance = 1e-4, MovementTolerance = 5e-5;

    [Test]
    public void FollowsLibtorch(
        [Values("mlp", "mnist-cnn")] string model,
        [Values("sgd", "momentum", "nesterov", "adam", "adam-l2", "adamw")] string optimizer,
        [Values(1, 2)] int threads)
    {
        TrajectoryFile file = TrajectoryFile.Open(model);
        TrajectoryRun run = file.Runs.Single(candidate => candidate.Optimizer == optimizer);
        using CpuDevice device = new(threads);
        Module module = model == "mlp" ? new Mlp(64, 48, 32, 10) : new MnistCnn();
        using ParameterArena arena = new(module, device, 1);
        arena.Load(file.Initial);
        using DeviceBuffer gradients = device.Allocate(arena.Count);
        using OptimizerSession session = Optimizer(run).Attach(arena, gradients, 1);
        int[] image = file.ImageExtents;
        using BatchGraph graph =
            new(module, arena, session.ForwardWeights, gradients, Loss.CrossEntropy, SampleForm.OfImages(image), 1);
        for (int step = 0; step < file.Steps; step++)
        {
            session.Perturb(1);
            graph.Run(file.Inputs(step), [.. file.Labels(step).Select(label => (float)label)], step);
            Assert.That(
                graph.Loss(), Is.EqualTo(run.Losses[step]).Within(Tolerance * run.Losses[step]), $"loss of step {step + 1}");
            session.TryUpdate(Exact(run.LearningRate));
            if (run.After.TryGetValue(step + 1, out float[]? expected))
            {
                float[] actual = arena.Save();
                double scale = expected.Max(value => Math.Abs((double)value));
                double worst = actual.Zip(expected, (a, e) => Math.Abs((double)a - e)).Max() / scale;
                double distance = Norm(actual.Zip(expected, (a, e) => (double)a - e)) / Norm(
                    expected.Select(value => (double)value));
                Assert.That(distance, Is.LessThan(Tolerance), $"‖w − w′‖/‖w′‖ after step {step + 1}");
                Assert.That(worst, Is.LessThan(Tolerance), $"largest difference after step {step + 1}");
                int start = 0;
                foreach (TrajectoryParameter parameter in file.Parameters)
                {
                    Range part = start..(start + parameter.Initial.Length);
                    start = part.End.Value;
                    double apart = Norm(actual[part].Zip(expected[part], (a, e) => (double)a - e));
                    double moved = Norm(expected[part].Zip(parameter.Initial, (e, w) => (double)e - w));
                    Assert.That(
                        apart, Is.LessThan(MovementTolerance * moved),
                        $"‖(w − w₀) − (w′ − w₀)‖/‖w′ − w₀‖ of {parameter.Name} after step {step + 1}");
                }
            }
        }
    }

    private static Optimizer Optimizer(TrajectoryRun run) => run.Optimizer switch
    {
        "sgd" => new Sgd(Exact(run.LearningRate)),
        "momentum" or "nesterov" => new Sgd(Exact(run.LearningRate), Exact(run.Momentum), run.Nesterov, Exact(run.WeightDecay)),
        "adamw" => new AdamW(Exact(run.LearningRate), Exact(run.Beta1), Exact(run.Beta2), run.Epsilon, Exact(run.WeightDecay)),
        _ => new Adam(Exact(run.LearningRate), Exact(run.Beta1), Exact(run.Beta2), run.Epsilon, Exact(run.WeightDecay)),
    };

    // libtorch got the settings as doubles; stored as floats, 1 − 0.999 would be off by 10⁻⁵.
    private static double Exact(float setting) => Math.Round(setting, 6);

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(value => value * value));
}
