using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// What a compiled training step consists of, so that no later change undoes unseen what fusion, joined passes and shared memory
/// saved: the launches, each of which wakes the workers once; the numbers that all but convolutions and matrix products read and
/// write; and the memory between inputs and outputs. Less of either is welcome: lower the figure.
/// </summary>
internal sealed class StepPlanTests
{
    private const int Batch = 8;

    private static readonly Case[] Cases =
    [
        new("mnist-cnn", () => new MnistCnn(), new Shape(Batch, 28, 28, 1), 27, 33787, 62672),
        new("MLP 64-128-10", () => new Mlp(64, 128, 10), new Shape(Batch, 8, 8, 1), 13, 749, 5328),
        new("WRN-16-1", () => new WideResNet(16, 1, 10), new Shape(Batch, 32, 32, 3), 211, 1854198, 1417688),
    ];

    private static readonly Case[] GpuCases =
    [
        new("mnist-cnn", () => new MnistCnn(), new Shape(Batch, 28, 28, 1), 26, 30689, 62664),
        new("MLP 64-128-10", () => new Mlp(64, 128, 10), new Shape(Batch, 8, 8, 1), 12, 210, 5328),
        new("WRN-16-1", () => new WideResNet(16, 1, 10), new Shape(Batch, 32, 32, 3), 107, 1419209, 1417688),
    ];

    [Test]
    public void AStepTakesNoMoreThanItDid([ValueSource(nameof(Cases))] Case given) => Check(given, Device.Cpu);

    [Test]
    public void AGpusStepTakesNoMoreThanItDid([ValueSource(nameof(GpuCases))] Case given)
    {
        // Whatever the environment says of the ways.
        GpuDevice gpu = Device.Simulator;
        (bool fuses, bool joins, bool beside) = (gpu.FusesMaps, gpu.JoinsPasses, gpu.RunsBeside);
        try
        {
            (gpu.FusesMaps, gpu.JoinsPasses, gpu.RunsBeside) = (true, true, false);
            Check(given, gpu);
        }
        finally
        {
            (gpu.FusesMaps, gpu.JoinsPasses, gpu.RunsBeside) = (fuses, joins, beside);
        }
    }

    private static void Check(Case given, Device device)
    {
        Module model = given.Model();
        using ParameterArena arena = new(model, device, 1);
        TrainingContext context = new(1);
        model.Train(context);
        Tensor images = Tensor.Input(given.Images, "images"), labels = Tensor.Input(new Shape(Batch), "labels");
        Tensor loss = Loss.CrossEntropy(model.Forward(images), labels).Mean();
        Tensor[] gradients = loss.Gradient([.. arena.Parameters.Select(parameter => parameter.Tensor)]);
        GraphCompiler plan = CompiledGraph.Plan(device, [loss, .. gradients, .. context.Next.Values]);

        long moved = plan.Steps.GroupBy(step => step.Time).Where(group => !group.Any(step => IsProduct(step.Operation))).Sum(
            group => group.First().Pass is { } pass ? Numbers([.. pass.Operands, .. pass.Results])
                : Numbers(group.SelectMany(step => step.Inputs.Append(step.Output))));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(plan.Steps.Select(step => step.Time).Distinct().Count(), Is.AtMost(given.Launches), "launches");
            Assert.That(moved / Batch, Is.AtMost(given.Moved), "numbers read and written an image");
            Assert.That(plan.IntermediateBytes / Batch, Is.AtMost(given.Bytes), "bytes of memory an image");
        }

        static long Numbers(IEnumerable<Tensor> tensors) =>
            tensors.Select(GraphCompiler.Base).Distinct().Sum(tensor => tensor.Shape.Count);
    }

    private static bool IsProduct(Operation operation) =>
        operation is MatMul or Conv2dForward or Conv2dInputGradient or Conv2dWeightGradient or FusedProduct;

    /// <summary>A network, its images, and what its step takes at most.</summary>
    internal sealed record Case(string Name, Func<Module> Model, Shape Images, int Launches, long Moved, long Bytes)
    {
        public override string ToString() => Name;
    }
}
