using PacGen.Kernels;
using PacGen.Nn;
using Random = PacGen.Tests.Kernels.KernelRun;

namespace PacGen.Tests.Nn;

/// <summary>
/// Launches beside others: however late they run, up to where they are waited for, the values are those of the order in which
/// they stand.
/// </summary>
internal sealed class BesidePlanTests
{
    [Test]
    public void LaunchesBesideOthersMayRunAsLateAsTheyAreWaitedFor([Values] bool wide)
    {
        GpuDevice device = (GpuDevice)Device.Simulator;
        bool before = device.RunsBeside;
        try
        {
            float[][] expected = Values(false, false, wide, out int none);
            Assert.That(none, Is.Zero);
            Assert.That(Values(true, false, wide, out int beside), Is.EqualTo(expected), "in their order");
            Assert.That(beside, Is.AtLeast(3));
            Assert.That(Values(true, true, wide, out _), Is.EqualTo(expected), "as late as possible");
        }
        finally
        {
            device.RunsBeside = before;
        }
    }

    // A weight that the graph itself changes, at its end, where a gradient read it: what reads it is waited for.
    [Test]
    public void WhatIsWrittenWhereOthersReadWaits()
    {
        GpuDevice device = (GpuDevice)Device.Simulator;
        bool before = device.RunsBeside;
        try
        {
            device.RunsBeside = true;
            Tensor x = Tensor.Input(new Shape(4, 8), "x"), w = Tensor.Input(new Shape(8, 8), "w");
            using DeviceBuffer weights = device.Allocate(64);
            Tensor changed = w * 2f, product = Tensor.MatMul(x, w), more = Tensor.MatMul(x, changed.Tanh());
            GraphCompiler plan = CompiledGraph.Plan(
                device, [product, more, changed],
                new Dictionary<Tensor, Region> { [w] = new(weights), [changed] = new(weights) });
            int copy = plan.Steps.First(step => step.Target is not null).Time;
            Assert.That(plan.Steps.Where(step => step.Until > step.Time).Select(step => step.Until), Is.All.EqualTo(copy));
            Assert.That(plan.Steps.Any(step => step.Until > step.Time));
        }
        finally
        {
            device.RunsBeside = before;
        }
    }

    private static float[][] Values(bool beside, bool late, bool wide, out int count)
    {
        GpuDevice device = (GpuDevice)Device.Simulator;
        device.RunsBeside = beside;
        int channels = wide ? 8 : 6;
        Module model = new Sequential(
            new Conv2d(3, channels, 3, padding: 1), new BatchNorm(channels), new Relu(), new Conv2d(channels, 4, 3, padding: 1),
            new BatchNorm(4), new Relu(), new MaxPool2d(2), new Flatten(), new Linear(16, 6), new Relu(), new Linear(6, 5));
        using ParameterArena arena = new(model, device, 1);
        TrainingContext context = new(1);
        model.Train(context);
        Tensor images = Tensor.Input(new Shape(6, 4, 4, 3), "images"), labels = Tensor.Input(new Shape(6), "labels");
        Tensor loss = Loss.CrossEntropy(model.Forward(images), labels).Mean();
        Tensor[] outputs =
            [loss, .. loss.Gradient([.. arena.Parameters.Select(parameter => parameter.Tensor)]), .. context.Next.Values];
        GraphCompiler plan = CompiledGraph.Plan(device, outputs);
        using CompiledGraph graph = CompiledGraph.Compile(plan);
        graph[images].Write(Random.Random(images.Shape, 3));
        graph[labels].Write([0, 1, 2, 3, 4, 0]);
        Dictionary<int, int> until = plan.Steps.Where(step => step.Until > step.Time).GroupBy(step => step.Time).ToDictionary(
            group => group.Key, group => group.First().Until);
        count = until.Count;
        for (int i = 0; i <= graph.Launches; i++)
        {
            foreach ((int waiting, _) in until.Where(one => late && one.Value == i))
            {
                graph.Parts[waiting].Run();
            }

            if (i < graph.Launches && !(late && until.ContainsKey(i)))
            {
                graph.Parts[i].Run();
            }
        }

        return [.. outputs.Select(output => graph[output].ToArray())];
    }
}
