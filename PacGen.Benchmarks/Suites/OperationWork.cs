using PacGen.Kernels;
using PacGen.Nn;
using BroadcastMap = PacGen.Kernels.FusedMap;

namespace PacGen.Benchmarks.Suites;

/// <summary>Single operations: a graph of one of them, on inputs that are filled.</summary>
internal static class OperationWork
{
    /// <summary>Channels and image size in a Wide ResNet's three groups of blocks, the width being 3.</summary>
    public static readonly (int Channels, int Size)[] WideResNetConvolutions = [(48, 32), (96, 16), (192, 8)];

    /// <summary>The same with the width 10, ten times the arithmetic.</summary>
    public static readonly (int Channels, int Size)[] WideConvolutions = [(160, 32), (320, 16), (640, 8)];

    /// <summary>A copy of numbers, by an elementwise kernel.</summary>
    public static Work Copy(int count) => Of(
        $"copy, {count:N0} numbers", 0, 8.0 * count, 8.0 * count,
        () => Tensor.Apply(BroadcastMap.BroadcastTo(new Shape(count)), Tensor.Input(new Shape(count), "x")));

    /// <summary>max(x·y + z, 0) in one fused pass.</summary>
    public static Work FusedMap(int count) => Of($"max(xy + z, 0), {count:N0} elements", 0, 16.0 * count, 16.0 * count, () =>
    {
        Shape shape = new(count);
        Tensor x = Tensor.Input(shape, "x"), y = Tensor.Input(shape, "y"), z = Tensor.Input(shape, "z");
        return ((x * y) + z).Relu();
    });

    /// <summary>The product of two n × n matrices.</summary>
    public static Work MatrixProduct(int n) => Of(
        $"matrix product, n = {n}", 2.0 * n * n * n, 0, 12.0 * n * n,
        () => Tensor.MatMul(Tensor.Input(new Shape(n, n), "a"), Tensor.Input(new Shape(n, n), "b")));

    /// <summary>The product of an m × k and a k × n matrix.</summary>
    public static Work MatrixProduct(int m, int k, int n) => Of(
        $"matrix product, {m} × {k} · {k} × {n}", 2.0 * m * k * n, 0, 4.0 * (((double)m * k) + ((double)k * n) + ((double)m * n)),
        () => Tensor.MatMul(Tensor.Input(new Shape(m, k), "a"), Tensor.Input(new Shape(k, n), "b")));

    /// <summary>A pass of a 3×3 convolution with padding 1 and as many output channels as input channels.</summary>
    public static Work Convolution(ConvolutionPass pass, int channels, int size, int batch) =>
        Convolution(pass, new ConvolutionShape(channels, channels, size), batch);

    /// <summary>A pass of a convolution.</summary>
    public static Work Convolution(ConvolutionPass pass, ConvolutionShape shape, int batch)
    {
        double inputs = (double)shape.Inputs * shape.Size * shape.Size * batch;
        double outputs = (double)shape.Outputs * shape.OutputSize * shape.OutputSize * batch;
        string name = pass switch
        {
            ConvolutionPass.Forward => "forward",
            ConvolutionPass.InputGradient => "input gradient",
            _ => "weight gradient",
        };
        return Of(
            $"{shape}, batch {batch}, {name}", 2.0 * shape.Kernel * shape.Kernel * shape.Inputs * outputs, 0,
            4 * (inputs + outputs),
            () =>
            {
                Tensor images = Tensor.Input(new Shape(batch, shape.Size, shape.Size, shape.Inputs), "x");
                Tensor weights = Tensor.Input(new Shape(shape.Kernel, shape.Kernel, shape.Inputs, shape.Outputs), "w");
                Tensor gradient = Tensor.Input(new Shape(batch, shape.OutputSize, shape.OutputSize, shape.Outputs), "dy");
                Conv2dGeometry geometry = new(shape.Stride, shape.Padding);
                return pass switch
                {
                    ConvolutionPass.Forward => Tensor.Conv2d(images, weights, shape.Stride, shape.Padding),
                    ConvolutionPass.InputGradient =>
                        Tensor.Apply(new Conv2dInputGradient(geometry, shape.Size, shape.Size), gradient, weights),
                    _ => Tensor.Apply(new Conv2dWeightGradient(geometry, shape.Kernel, shape.Kernel), images, gradient),
                };
            });
    }

    /// <summary>
    /// A depthwise 3×3 convolution with padding 1. Memory is what takes its time: it must read and write as much as a copy.
    /// </summary>
    public static Work Depthwise(int channels, int size, int batch)
    {
        double bytes = 8.0 * channels * size * size * batch;
        return Of(
            $"depthwise 3×3 convolution, {channels} channels, {size}×{size}, batch {batch}", 0, bytes, bytes, () => Tensor.Conv2d(
            Tensor.Input(new Shape(batch, size, size, channels), "x"), Tensor.Input(new Shape(3, 3, 1, channels), "w"),
            new Conv2dGeometry(1, 1), groups: channels));
    }

    /// <summary>
    /// Pooling by 3×3 windows two places apart, as behind ResNet's first convolution, or its gradient. Memory is what takes its
    /// time.
    /// </summary>
    public static Work Pool(bool average, bool gradient, int channels, int size, int batch)
    {
        double pixels = (double)channels * size * size * batch, bytes = 4 * pixels * (gradient && !average ? 2.25 : 1.25);
        return Of(PoolName(average, gradient, channels, size, batch), 0, bytes, bytes, () =>
        {
            PoolGeometry geometry = new(3, 2, 1);
            Shape shape = new(batch, size, size, channels);
            Tensor images = Tensor.Input(shape, "x");
            Tensor dy = Tensor.Input(geometry.Pool(shape, "Pooling"), "dy");
            return (average, gradient) switch
            {
                (false, false) => Tensor.Apply(new PoolSelect(geometry), images, images),
                (false, true) => Tensor.Apply(new PoolScatter(geometry), images, dy),
                (true, false) => Tensor.Apply(new AveragePool(geometry), images),
                _ => Tensor.Apply(new AveragePoolGradient(geometry, size, size), dy),
            };
        });
    }

    private static string PoolName(bool average, bool gradient, int channels, int size, int batch) =>
        $"{(average ? "average" : "max")} pooling 3×3, stride 2, {channels} channels, {size}×{size}, batch {batch}, "
            + (gradient ? "gradient" : "forward");

    /// <summary>Convolutions of as many output channels as input channels, each in its three passes.</summary>
    public static IEnumerable<Work> Convolutions(IEnumerable<(int Channels, int Size)> shapes, int batch) =>
        from shape in shapes
        from pass in Enum.GetValues<ConvolutionPass>()
        select Convolution(pass, shape.Channels, shape.Size, batch);

    /// <summary>
    /// Convolutions of few channels: those of a Wide ResNet of width 1, batch 128, and gradients by few weights there and in the
    /// network of the MNIST example, batch 1024.
    /// </summary>
    public static IEnumerable<Work> FewChannels() =>
    [
        .. from pass in Enum.GetValues<ConvolutionPass>() select Convolution(pass, 16, 32, 128),
        .. from shape in (ConvolutionShape[])[new(3, 16, 32), new(16, 32, 32), new(16, 32, 32, 1, 2), new(32, 32, 16)]
           select Convolution(ConvolutionPass.WeightGradient, shape, 128),
        .. from shape in (ConvolutionShape[])[new(1, 10, 24, 5), new(10, 20, 8, 5)]
           select Convolution(ConvolutionPass.WeightGradient, shape, 1024),
    ];

    private static Work Of(string name, double flops, double bytes, double memory, Func<Tensor> result) =>
        new(name, flops, bytes, memory, (device, precision) =>
        {
            CompiledGraph graph = CompiledGraph.Compile(device, [result()], precision: precision);
            foreach (Tensor input in graph.Inputs)
            {
                BenchValues.Fill(graph[input], 1);
            }

            return new PreparedWork(device, graph.Run, graph);
        });
}
