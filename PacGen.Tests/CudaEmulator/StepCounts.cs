using System.Globalization;
using PacGen.Benchmarks.Suites;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// What training steps in bfloat16 take, without and with pairs in memory: a row of Markdown each, to the test's output. By the
/// plan, where no device is needed, launches and megabytes; on the emulated device instructions too.
/// </summary>
[Explicit("Takes minutes; for docs/results/gpu.md.")]
internal sealed class StepCounts
{
    private static readonly (string Name, Shape Images, Func<Module> Model)[] Cases =
    [
        ("mlp", new(32, 8, 8, 1), () => new Mlp(64, 128, 10)),
        ("784-512-512-10", new(128, 28, 28, 1), () => new Mlp(784, 512, 512, 10)),
        ("mnist-cnn", new(64, 28, 28, 1), () => new MnistCnn()),
        ("wrn-16-1", new(128, 32, 32, 3), () => new WideResNet(16, 1, 10)),
        ("wrn-58-3", new(128, 32, 32, 3), () => new WideResNet(58, 3, 10)),
        ("encoder-256", new(32, 64, 256), () => new StepWork.SequenceClassifier(256, 4, 4)),
    ];

    [Test]
    public void ByPlan()
    {
        foreach ((string name, Shape images, Func<Module> model) in Cases)
        {
            foreach (bool stores in (bool[])[false, true])
            {
                (GraphCompiler plan, ParameterArena arena) = Planned(WarpSimulator.Device, stores, images, model());
                using (arena)
                {
                    var launches = plan.Steps.GroupBy(step => step.Time).ToArray();
                    TestContext.Out.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"| {name}, {images[0]} | {(stores ? "pairs" : "-")} | {launches.Length} | " +
                            $"{launches.Count(IsOfWeights)} | " +
                            $"{plan.Steps.Count(ReadsPairs)} of {plan.Steps.Count(IsProduct)} | " +
                            $"{launches.Where(group => group.Any(IsProduct)).Sum(Bytes) * 1e-6:F3} | " +
                            $"{launches.Where(group => !group.Any(IsProduct)).Sum(Bytes) * 1e-6:F3} | " +
                            $"{plan.IntermediateBytes * 1e-6:F3} |"));
                }
            }
        }
    }

    [Test]
    public void OnTheEmulatedDevice()
    {
        if (EmulatedDriver.Loaded is not { } driver)
        {
            Assert.Ignore($"{EmulatorSettings.Variable} is not set to emulated.");
            return;
        }

        GpuDevice device = (GpuDevice)Device.Open("cuda");
        foreach ((string name, Shape images, Func<Module> model) in Cases.Take(2))
        {
            foreach (bool stores in (bool[])[false, true])
            {
                (GraphCompiler plan, ParameterArena arena) = Planned(device, stores, images, model());
                using (arena)
                using (CompiledGraph graph = CompiledGraph.Compile(plan))
                {
                    RunCounts counts = driver.Counts = new RunCounts();
                    try
                    {
                        foreach (Launch launch in graph.Parts)
                        {
                            launch.Run();
                        }

                        device.Synchronize();
                    }
                    finally
                    {
                        driver.Counts = null;
                    }

                    TestContext.Out.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"| {name}, {images[0]} | {(stores ? "pairs" : "-")} | {counts.Issued * 32e-6:F2} | " +
                            $"{counts.LoadSectors * 32e-6:F3} | {counts.StoreSectors * 32e-6:F3} | {graph.Launches} |"));
                }
            }
        }
    }

    private static (GraphCompiler Plan, ParameterArena Arena) Planned(
        GpuDevice device, bool stores, Shape shape, Module model)
    {
        bool before = device.StoresBFloat16;
        try
        {
            device.StoresBFloat16 = stores;
            ParameterArena arena = new(model, device, 1);
            TrainingContext context = new(1);
            model.Train(context);
            Tensor images = Tensor.Input(shape, "images"), labels = Tensor.Input(new Shape(shape[0]), "labels");
            Tensor loss = Loss.CrossEntropy(model.Forward(images), labels).Mean();
            Tensor[] gradients = loss.Gradient([.. arena.Parameters.Select(parameter => parameter.Tensor)]);
            return (CompiledGraph.Plan(
                device, [loss, .. gradients, .. context.Next.Values], precision: Precision.BFloat16), arena);
        }
        finally
        {
            device.StoresBFloat16 = before;
        }
    }

    private static bool IsProduct(GraphCompiler.Step step) => step.Operation is ProductOperation or FusedProduct;

    private static bool ReadsPairs(GraphCompiler.Step step) =>
        step.Operation is PairProduct or FusedProduct { Product: PairProduct };

    private static bool IsOfWeights(IEnumerable<GraphCompiler.Step> launch) =>
        launch.All(step => step.Operation is PairMap && step.Inputs.All(input => input.Operation is null));

    // What it reads and writes once each.
    private static long Bytes(IGrouping<int, GraphCompiler.Step> launch) =>
        sizeof(float) * (launch.First().Pass is { } pass ? pass.Operands.Concat(pass.Results)
            : launch.SelectMany(step => step.Inputs.Append(step.Output))).Select(Shown).Distinct().Sum(
                tensor => tensor.Shape.Count);

    private static Tensor Shown(Tensor tensor) => tensor.Operation is Reshape ? Shown(tensor.Inputs[0]) : tensor;
}
