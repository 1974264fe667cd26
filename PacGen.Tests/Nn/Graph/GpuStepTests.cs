using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>
/// Loss, gradients and running statistics of a network with batch norm on each GPU, as its launches are joined or run beside each
/// other and not: run one by one, recorded and replayed.
/// </summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(DeviceFixture.GpuIds))]
internal sealed class GpuStepTests(string id) : DeviceFixture(id)
{
    private GpuDevice Gpu => (GpuDevice)Device;

    private bool IsSmall => IsSlow || Gpu.Kind != DeviceKind.Cuda;

    [Test]
    public void PassesOverColumnsGiveWhatSeparateLaunchesDo()
    {
        float[][] joined = Values(true, false, out int few), apart = Values(false, false, out int many);
        Assert.That(many - few, Is.AtLeast(Gpu.FusesMaps ? 20 : 0), "where maps are not fused, nothing is joined");
        for (int i = 0; i < joined.Length; i++)
        {
            float scale = Math.Max(1e-2f, apart[i].Max(Math.Abs));
            Assert.That(joined[i], Is.EqualTo(apart[i]).Within(3e-5 * scale), $"tensor {i}");
        }
    }

    /// <summary>Where warps gather none, it is the same step.</summary>
    [Test]
    public void MomentsThatConvolutionsGatherGiveWhatAPassDoes()
    {
        bool before = Gpu.GathersMoments;
        try
        {
            Gpu.GathersMoments = false;
            float[][] apart = Values(true, false, out int launches);
            Gpu.GathersMoments = true;
            float[][] gathered = Values(true, true, out int same);
            Assert.That(same, Is.EqualTo(launches));
            for (int i = 0; i < apart.Length; i++)
            {
                float scale = Math.Max(1e-2f, apart[i].Max(Math.Abs));
                Assert.That(gathered[i], Is.EqualTo(apart[i]).Within(3e-5 * scale), $"tensor {i}");
            }
        }
        finally
        {
            Gpu.GathersMoments = before;
        }
    }

    [Test]
    public void LaunchesBesideOthersGiveTheSameBits([Values] bool joins) =>
        Assert.That(Values(joins, true, out _), Is.EqualTo(Values(joins, false, out _)));

    /// <summary>With launches beside others too, among which those by Winograd may not be, for they share memory.</summary>
    [Test]
    public void ConvolutionsByWinogradGiveTheSameStep(
        [Values(ConvolutionMode.Winograd2, ConvolutionMode.Winograd4)] ConvolutionMode way)
    {
        float[][] direct = Values(true, false, out _), transformed = Values(true, true, out _, way);
        Assert.That(transformed, Is.Not.EqualTo(direct), "they are rounded otherwise");
        for (int i = 0; i < direct.Length; i++)
        {
            float scale = Math.Max(1e-2f, direct[i].Max(Math.Abs));
            Assert.That(transformed[i], Is.EqualTo(direct[i]).Within(1e-4 * scale), $"tensor {i}");
        }
    }

    private float[][] Values(
        bool joins, bool beside, out int launches, ConvolutionMode convolutions = ConvolutionMode.Direct)
    {
        (bool joined, bool aside, ConvolutionMode before) = (Gpu.JoinsPasses, Gpu.RunsBeside, Gpu.Convolutions);
        try
        {
            (Gpu.JoinsPasses, Gpu.RunsBeside, Gpu.Convolutions) = (joins, beside, convolutions);
            Module model = IsSmall ? new Sequential(
                new Conv2d(3, 16, 3, padding: 1), new BatchNorm(16), new Relu(), new Conv2d(16, 4, 3, padding: 1),
                new BatchNorm(4),
                new Relu(), new Flatten(), new Linear(64, 5)) : new WideResNet(10, 2, 5);
            using ParameterArena arena = new(model, Gpu, 1);
            TrainingContext context = new(1);
            model.Train(context);
            int batch = IsSmall ? 6 : 64, side = IsSmall ? 4 : 32;
            Tensor images = Tensor.Input(new Shape(batch, side, side, 3), "images");
            Tensor labels = Tensor.Input(new Shape(batch), "labels");
            Tensor loss = Loss.CrossEntropy(model.Forward(images), labels).Mean();
            Tensor[] outputs =
                [loss, .. loss.Gradient([.. arena.Parameters.Select(parameter => parameter.Tensor)]), .. context.Next.Values];
            using CompiledGraph graph = CompiledGraph.Compile(Gpu, outputs);
            graph[images].Write(KernelRun.Random(images.Shape, 3));
            graph[labels].Write([.. Enumerable.Range(0, batch).Select(i => (float)(i % 5))]);
            launches = graph.Launches;
            float[][]? first = null;

            // CUDA's first run launches, the second records, the third replays.
            for (int run = 0; run < (Gpu.Kind != DeviceKind.Cuda ? 1 : IsSmall ? 4 : 20); run++)
            {
                graph.Run();
                Gpu.Synchronize();
                float[][] values = [.. outputs.Select(output => graph[output].ToArray())];
                first ??= values;
                Assert.That(values, Is.EqualTo(first), $"run {run + 1} gives other bits");
            }

            Assert.That(Gpu.Kind != DeviceKind.Cuda || Gpu.RecordsGraphs, Gpu.GraphObstacle);
            return first!;
        }
        finally
        {
            (Gpu.JoinsPasses, Gpu.RunsBeside, Gpu.Convolutions) = (joined, aside, before);
        }
    }
}
