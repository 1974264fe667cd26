using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;
using PacGen.Tests.Trajectories;

namespace PacGen.Tests.Nn;

/// <summary>
/// Ten steps of what stands beside Perturbed OPT follow PyTorch's, which <c>make-optimizer-trajectories.py</c> made, from the
/// same weights on the same batches; settings are those of the script.
/// </summary>
[TestFixtureSource(typeof(OptimizerTrajectoryTests), nameof(Fast))]
internal sealed class OptimizerTrajectoryTests(string id) : DeviceFixture(id)
{
    private const double Rate = 0.05, IvonRate = 0.2, Momentum = 0.9, Tolerance = 1e-4;
    private const int BatchesOfAnEpoch = 2;

    private static readonly Dictionary<string, (Optimizer Optimizer, WeightAveraging? Average)> Runs = new()
    {
        ["sam"] = (new SharpnessAware(new Sgd(Rate, Momentum), rho: 0.5), null),
        ["asam"] = (SharpnessAware.Adaptive(new Sgd(Rate, Momentum), rho: 1, eta: 0.01), null),
        ["two-point"] = (new PerturbedOptimizer(
            new Sgd(Rate, Momentum), new AlgorithmOne(1, gamma: 0.5, epsilon: 0.05) { Level = SigmaLevel.Fixed })
            { TwoPoint = true }.WithNoise<GaussianNoise>(), null),
        ["swa"] = (new Sgd(Rate, Momentum), WeightAveraging.Swa(startEpoch: 2)),
        ["ema"] = (new Sgd(Rate, Momentum), WeightAveraging.Ema(0.9)),
        ["ivon"] = (new Ivon(IvonRate, examples: 320, beta2: 0.99, weightDecay: 0.01, initialHessian: 0.4), null),
    };

    private static IEnumerable<string> Names => Runs.Keys;

    /// <summary>Devices but the simulator, which would take minutes.</summary>
    private static IEnumerable<string> Fast => Ids.Where(id => id != "simulator");

    [Test]
    public void FollowsPyTorch([ValueSource(nameof(Names))] string name)
    {
        TrajectoryFile file = TrajectoryFile.Open("optimizers");
        TrajectoryRun run = file.Runs.Single(candidate => candidate.Optimizer == name);
        (Optimizer optimizer, WeightAveraging? average) = Runs[name];
        Mlp model = new(64, 48, 32, 10);
        using ParameterArena arena = new(model, Device, 1);
        arena.Load(file.Initial);
        using TrainingPipeline pipeline = new(
            model, arena, optimizer, Datasets.Digits().Train, new PipelineOptions { Seed = 1, Average = average });
        for (int step = 0; step < file.Steps; step++)
        {
            (int epoch, int batch) = ((step / BatchesOfAnEpoch) + 1, step % BatchesOfAnEpoch);
            pipeline.Submit(
                file.Inputs(step), [.. file.Labels(step).Select(label => (float)label)], epoch, batch, optimizer.LearningRate);
            TrainingStep done = pipeline.Complete();
            Assert.That(done.End, Is.EqualTo(StepEnd.Done));
            Assert.That(done.Loss, Is.EqualTo(run.Losses[step]).Within(Tolerance * run.Losses[step]), $"loss of step {step + 1}");
            if (batch == BatchesOfAnEpoch - 1)
            {
                pipeline.EndEpoch(epoch);
            }

            if (run.After.TryGetValue(step + 1, out float[]? expected))
            {
                float[] here = new Region(pipeline.EvaluatedWeights).ToArray();
                double apart = Norm(here, expected), whole = Norm(expected, new float[expected.Length]);
                Assert.That(apart / whole, Is.LessThan(Tolerance), $"‖w − w′‖/‖w′‖ after step {step + 1}");
                Assert.That(
                    apart / Norm(expected, file.Initial), Is.LessThan(Tolerance), $"of the way after step {step + 1}");
            }
        }
    }

    /// <summary>The runs are apart by far more than the tolerance: one can't pass for another.</summary>
    [Test]
    public void TheRunsDiffer()
    {
        TrajectoryFile file = TrajectoryFile.Open("optimizers");
        Assert.That(file.Runs.Select(run => run.Optimizer), Is.EqualTo(Names));
        foreach (TrajectoryRun run in file.Runs)
        {
            foreach (TrajectoryRun other in file.Runs.Where(other => other != run))
            {
                double apart = Norm(run.After[10], other.After[10]) / Norm(run.After[10], file.Initial);
                Assert.That(apart, Is.GreaterThan(50 * Tolerance), $"{run.Optimizer} and {other.Optimizer}");
            }
        }
    }

    private static double Norm(float[] a, float[] b) =>
        Math.Sqrt(a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum());
}
