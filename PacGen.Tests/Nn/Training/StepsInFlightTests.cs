using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>
/// Steps whose outcomes are read later are the same steps, and one that ends badly is the last that changes anything.
/// </summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(GpuIds))]
internal sealed class StepsInFlightTests(string id) : DeviceFixture(id)
{
    private const int Steps = (2 * StepLedger.Capacity) + 3;

    private static readonly Dictionary<string, Optimizer> Optimizers = new()
    {
        ["sgd"] = new Sgd(0.1, momentum: 0.9),
        ["adam"] = new Adam(1e-3),
        ["perturbed sgd"] = new PerturbedOptimizer(new Sgd(0.1), eta: 10),
        ["perturbed adam"] = new PerturbedOptimizer(new Adam(1e-3), eta: 0.01),
        ["corrected"] =
            new PerturbedOptimizer(new Adam(1e-3), new PacGen.Core.Perturbation.AlgorithmOne(0.01, biasCorrection: true)),
    };

    private static IEnumerable<string> Names => Optimizers.Keys;

    [Test]
    public void GiveTheBitsOfStepsThatAreWaitedFor(
        [ValueSource(nameof(Names))] string optimizer, [Values(double.PositiveInfinity, 3)] double clipNorm)
    {
        using Run submitted = new(Device, optimizer), waited = new(Device, optimizer), cpu = new(
            PacGen.Kernels.Device.Cpu, optimizer);
        Assert.That(submitted.Session.Depth, Is.EqualTo(StepLedger.Capacity));
        Assert.That(cpu.Session.Depth, Is.EqualTo(1));
        int taken = 0;
        for (int step = 0; step < Steps; step++)
        {
            submitted.Submit(step, clipNorm);
            while (step + 1 - taken > (step + 1 == Steps ? 0 : StepLedger.Capacity - 1))
            {
                StepOutcome outcome = submitted.Session.Complete(), here = cpu.Take(taken, clipNorm);
                Assert.That(waited.TryUpdate(taken, clipNorm));
                Assert.That(outcome, Is.EqualTo(here), $"step {taken + 1}");
                Assert.That((outcome.End, outcome.Loss), Is.EqualTo((StepEnd.Done, (double)Loss(taken))));
                Assert.That(
                    (outcome.SquaredChange, outcome.GradientScale),
                    Is.EqualTo((waited.Session.Counters.SquaredChange, waited.Session.Counters.GradientScale)));
                taken++;
            }
        }

        Assert.That(submitted.Session.Counters, Is.EqualTo(waited.Session.Counters));
        Assert.That(submitted.Arena.Save(), Is.EqualTo(waited.Arena.Save()));
        Assert.That(submitted.Forward, Is.EqualTo(waited.Forward));
        Assert.That(submitted.Arena.Save(), Is.EqualTo(cpu.Arena.Save()));

        // From there on either way goes on like the other.
        Assert.That(submitted.TryUpdate(Steps, clipNorm) && waited.TryUpdate(Steps, clipNorm));
        submitted.Submit(Steps + 1, clipNorm);
        Assert.That(waited.TryUpdate(Steps + 1, clipNorm));
        submitted.Session.Complete();
        Assert.That(submitted.Arena.Save(), Is.EqualTo(waited.Arena.Save()));
    }

    [Test]
    public void ABadOneIsTheLastThatChangesAnything(
        [ValueSource(nameof(Names))] string optimizer,
        [Values(StepEnd.LossNotFinite, StepEnd.GradientNotFinite, StepEnd.WeightsLost)] StepEnd end)
    {
        const int Good = 20;
        using Run failing = new(Device, optimizer), good = new(Device, optimizer);
        for (int step = 0; step < StepLedger.Capacity; step++)
        {
            failing.Submit(step, double.PositiveInfinity, step == Good ? end : StepEnd.Done);
            if (step < Good)
            {
                good.Submit(step, double.PositiveInfinity);
            }
        }

        for (int step = 0; step < Good; step++)
        {
            Assert.That(failing.Session.Complete(), Is.EqualTo(good.Session.Complete()), $"step {step + 1}");
        }

        Assert.That(failing.Session.Complete().End, Is.EqualTo(end));
        Assert.That(failing.Session.Steps, Is.EqualTo(end == StepEnd.WeightsLost ? Good + 1 : Good));
        if (end == StepEnd.WeightsLost)
        {
            Assert.That(
                failing.Arena.Save().Any(weight => !float.IsFinite(weight))
                || !double.IsFinite(failing.Session.Counters.SquaredChange));
            return;
        }

        Assert.That(failing.Arena.Save(), Is.EqualTo(good.Arena.Save()));
        Assert.That(failing.Session.Counters, Is.EqualTo(good.Session.Counters));

        // w + u are those that the bad step ran with.
        good.Session.Perturb((Good / 10) + 1);
        Assert.That(failing.Forward, Is.EqualTo(good.Forward));

        // And once the host knows, steps update again. The gradient of a bad pass is no one's: both get that of the last good one
        // back.
        failing.Write(Good - 1);
        failing.Submit(Good, double.PositiveInfinity);
        good.Submit(Good, double.PositiveInfinity);
        Assert.That(failing.Session.Complete(), Is.EqualTo(good.Session.Complete()));
        Assert.That(failing.Arena.Save(), Is.EqualTo(good.Arena.Save()));
    }

    [Test]
    public void TooManyAreRefused()
    {
        using Run run = new(Device, "sgd");
        for (int step = 0; step < StepLedger.Capacity; step++)
        {
            run.Submit(step, double.PositiveInfinity);
        }

        Assert.That(() => run.Session.Perturb(1), Throws.Nothing, "a plain optimizer has nothing to perturb");
        Assert.That(
            () => run.Session.TryUpdate(0.1), Throws.InvalidOperationException.With.Message.Contains("complete them first"));
        Assert.That(() => run.Session.Submit(), Throws.InvalidOperationException.With.Message.Contains("No step was begun"));
        Assert.That(
            () => run.Submit(StepLedger.Capacity, double.PositiveInfinity),
            Throws.InvalidOperationException.With.Message.Contains("take the outcome"));
    }

    /// <summary>More blocks than the totals that they are added to.</summary>
    [Test]
    public void LongSumsHaveTheCpusBits()
    {
        if (Device is GpuDevice { Kind: DeviceKind.Simulator })
        {
            Assert.Ignore("a size that takes the simulator too long");
        }

        using Run there = new(Device, "perturbed adam", 1200), here = new(PacGen.Kernels.Device.Cpu, "perturbed adam", 1200);
        Assert.That(there.Arena.Count, Is.GreaterThan(2L * 256 * 4096), "blocks of 4,096, 256 totals");
        for (int step = 0; step < 3; step++)
        {
            there.Submit(step, 1);
            Assert.That(there.Session.Complete(), Is.EqualTo(here.Take(step, 1)), $"step {step + 1}");
        }
    }

    /// <summary>The trainer says on a GPU what it says on the CPU, of the same step.</summary>
    [TestCase(1e25, false)]
    [TestCase(1e25, true)]
    [TestCase(1e12, true)]
    public void ATrainerTellsTheSameFailure(double rate, bool perturbed)
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(96), digits.Test.Take(30));
        TrainingException here = Fails(PacGen.Kernels.Device.Cpu), there = Fails(Device);
        Assert.That(there.Message, Is.EqualTo(here.Message));
        Assert.That((there.Step, there.Layer), Is.EqualTo((here.Step, here.Layer)));

        TrainingException Fails(Device device)
        {
            Optimizer plain = new Sgd(rate);
            using Trainer trainer = new(
                new Mlp(64, 8, 10), few, perturbed ? new PerturbedOptimizer(plain, eta: 10)
                : plain, new TrainingOptions { BatchSize = 12, Device = device });
            return Assert.Throws<TrainingException>(() => trainer.Run())!;
        }
    }

    /// <summary>Stopped within an epoch, between checkpoints, and resumed, on the device.</summary>
    [Test]
    public void AResumedRunHasTheSameBits([Values] bool perturbed, [Values(1, 2)] int parts)
    {
        using TemporaryFolder folder = new();
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(100), digits.Test.Take(20));
        TrainingOptions options = new() { Epochs = 2, BatchSize = 10, Accumulate = parts, Device = Device, ClipNorm = 1 };
        using Trainer straight = Create(options);
        straight.Run();
        TrainingOptions kept = options with { Checkpoints = new CheckpointOptions(folder["run"]) { EverySteps = 4, Keep = 100 } };
        using (Trainer whole = Create(kept))
        {
            whole.Run();
            Assert.That(whole.Arena.Save(), Is.EqualTo(straight.Arena.Save()), "checkpoints change nothing");
            Assert.That(
                whole.Results.Select(result => result.StepLoss), Is.EqualTo(straight.Results.Select(result => result.StepLoss)));
        }

        // As a kill within the second epoch leaves it: the checkpoint after step 16 is the newest.
        foreach (string late in new CheckpointFolder(folder["run"]).Checkpoints.Where(
            path => string.CompareOrdinal(Path.GetFileName(path), "step-0000000016.safetensors") > 0))
        {
            File.Delete(late);
        }

        using Trainer resumed = Create(kept);
        Assert.That(resumed.Resume(folder["run"]).Steps, Is.EqualTo(16));
        resumed.Run();
        Assert.That(resumed.Arena.Save(), Is.EqualTo(straight.Arena.Save()));
        Assert.That(
            resumed.Results.Select(result => result.StepLoss), Is.EqualTo(straight.Results.Select(result => result.StepLoss)));

        // And one that is asked to stop.
        using CancellationTokenSource stop = new();
        using (Trainer stopped = Create(options with { Checkpoints = new CheckpointOptions(folder["stopped"]) }))
        {
            Assert.That(
                () => stopped.Run(_ => stop.Cancel(), cancellation: stop.Token), Throws.InstanceOf<OperationCanceledException>());
            Assert.That(stopped.Steps, Is.EqualTo(10));
        }

        using Trainer rest = Create(options with { Checkpoints = new CheckpointOptions(folder["stopped"]) });
        rest.Resume(folder["stopped"]);
        rest.Run();
        Assert.That(rest.Arena.Save(), Is.EqualTo(straight.Arena.Save()));

        Trainer Create(TrainingOptions with) => new(
            new Mlp(64, 6, 10), few, perturbed ? new PerturbedOptimizer(new Adam(1e-2), eta: 0.01)
                : new Sgd(0.1, momentum: 0.9), with);
    }

    private static float Loss(int step) => 1f / (step + 3);

    /// <summary>A session whose gradients are made up; the same for every run.</summary>
    private sealed class Run : IDisposable
    {
        private readonly DeviceBuffer gradients, loss;
        private Launch? whole;
        private Action? pass;

        public Run(Device device, string optimizer, int hidden = 8)
        {
            Arena = new ParameterArena(new Mlp(hidden + 30, hidden, hidden, 10), device, 3);
            gradients = device.Allocate(Arena.Count);
            loss = device.Allocate(1);
            Session = Optimizers[optimizer].Attach(Arena, gradients, 5);
        }

        public ParameterArena Arena { get; }

        public OptimizerSession Session { get; }

        public float[] Forward => new Region(Session.ForwardWeights).ToArray();

        public void Submit(int step, double clipNorm, StepEnd end = StepEnd.Done)
        {
            Session.Begin((step / 10) + 1, Rate(step, end), clipNorm);
            if (step % 3 == 2 && (whole ??= Session.Program([new Pass(() => pass!())], new Region(loss))) is { } program)
            {
                // As one, in which the pass comes behind the perturbation.
                pass = () => Write(step, end);
                Session.Run(program);
                return;
            }

            Session.Perturb((step / 10) + 1);
            Write(step, end);
            Session.Observe(new Region(loss), 1, first: true);
            Session.Submit();
        }

        public StepOutcome Take(int step, double clipNorm)
        {
            Submit(step, clipNorm);
            return Session.Complete();
        }

        public bool TryUpdate(int step, double clipNorm)
        {
            Session.Perturb((step / 10) + 1);
            Write(step);
            return Session.TryUpdate(Rate(step), clipNorm);
        }

        public void Write(int step, StepEnd end = StepEnd.Done)
        {
            Random random = new(step);
            float[] values = [.. Enumerable.Range(0, (int)Arena.Count).Select(_ => (float)(random.NextDouble() - 0.5) * 0.3f)];
            if (end == StepEnd.GradientNotFinite)
            {
                values[^2] = float.NaN;
            }

            gradients.Write(0, values);
            loss.Write(0, [end == StepEnd.LossNotFinite ? float.NaN : Loss(step)]);
        }

        public void Dispose()
        {
            Session.Dispose();
            gradients.Dispose();
            loss.Dispose();
            Arena.Dispose();
        }

        /// <summary>The pass of a step: gradients and a loss.</summary>
        private sealed class Pass(Action write) : Launch
        {
            public override bool MayBeRecorded => false;

            public override void Run() => write();
        }

        private static double Rate(int step, StepEnd end = StepEnd.Done) => end == StepEnd.WeightsLost ? 1e38 : 0.01 / (step + 1);
    }
}
