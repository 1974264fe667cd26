using PacGen.Benchmarks.Suites;
using PacGen.Kernels;
using PacGen.Nn;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace PacGen.Benchmarks.Peers;

/// <summary>
/// The same training by PacGen and by libtorch, from the same weights on the same batches: the loss of the last step, and how far
/// it moves where libtorch sums on another number of threads.
/// </summary>
/// <param name="Network">What is trained.</param>
/// <param name="Ours">PacGen's loss.</param>
/// <param name="Theirs">libtorch's on the same threads.</param>
/// <param name="Other">libtorch's on another number of threads.</param>
internal sealed record LibtorchAgreement(string Network, double Ours, double Theirs, double Other)
{
    /// <summary>The steps of a training.</summary>
    public const int Steps = 200;

    private const int Batch = 32, Batches = 8;
    private const double Rate = 0.02;

    /// <summary>How far PacGen is from the nearer of libtorch's two.</summary>
    public double Distance => Math.Min(Math.Abs(Ours - Theirs), Math.Abs(Ours - Other));

    /// <summary>How far libtorch's two are from each other.</summary>
    public double Spread => Math.Abs(Theirs - Other);

    /// <summary>The networks.</summary>
    public static IReadOnlyList<string> Networks { get; } = ["MLP 784-512-512-10", "mnist-cnn", "WRN-16-1"];

    /// <summary>Trains a network three times.</summary>
    /// <param name="network">Which.</param>
    /// <param name="device">PacGen's device.</param>
    /// <param name="threads">libtorch's threads.</param>
    public static LibtorchAgreement Measure(string network, CpuDevice device, int threads)
    {
        (Module module, int side, int channels) = network switch
        {
            "mnist-cnn" => ((Module)new MnistCnn(), 28, 1),
            "WRN-16-1" => (new WideResNet(16, 1, 10), 32, 3),
            _ => (new Mlp(784, 512, 512, 10), 28, 1),
        };
        int size = side * side * channels;
        (float[] Images, float[] Labels)[] data = [.. Enumerable.Range(0, Batches).Select(batch => Data(batch, size))];
        using ParameterArena arena = new(module, device, BenchValues.Seed);
        IReadOnlyList<NamedTensor> start = PyTorchLayout.Of(module, new Shape(side, side, channels)).Export(arena);
        double ours = Train(module, arena, data, new Shape(side, side, channels));
        Func<int, double> theirs = count => Train(network, start, data, side, channels, count);
        return new LibtorchAgreement(network, ours, theirs(threads), theirs(threads == 1 ? 2 : 1));
    }

    private static double Train(Module module, ParameterArena arena, (float[] Images, float[] Labels)[] data, Shape image)
    {
        ImageSet images = new(
            new byte[image.Count * Batch], (int[])[.. data[0].Labels.Select(label => (int)label)], image[0], image[1], 10,
            new Normalization(new float[image[2]], [.. Enumerable.Repeat(1f, image[2])]));
        using TrainingPipeline pipeline = new(module, arena, new Sgd(Rate), images);
        double loss = double.NaN;
        for (int step = 0; step < Steps; step++)
        {
            (float[] pixels, float[] labels) = data[step % Batches];
            pipeline.Submit(pixels, labels, 1, step, Rate);
            loss = pipeline.Complete().Loss;
        }

        return loss;
    }

    private static double Train(
        string network, IReadOnlyList<NamedTensor> start, (float[] Images, float[] Labels)[] data, int side, int channels,
        int threads)
    {
        set_num_threads(threads);
        using DisposeScope scope = NewDisposeScope();
        using nn.Module<Tensor, Tensor> model = network switch
        {
            "mnist-cnn" => LibtorchCurvature.MnistCnn(),
            "WRN-16-1" => new LibtorchWideResNet(16, 1, 10),
            _ => (nn.Module<Tensor, Tensor>)LibtorchCurvature.Mlp(),
        };
        TorchSharp.Modules.Parameter[] parameters = [.. model.parameters()];
        using (no_grad())
        {
            for (int i = 0; i < parameters.Length; i++)
            {
                // Both list them in the order of the layers.
                parameters[i].copy_(tensor(start[i].Values.ToArray(), [.. start[i].Shape]));
            }
        }

        using optim.Optimizer sgd = optim.SGD(parameters, Rate);
        Tensor[] images = [.. data.Select(batch => channels == 1 && network.StartsWith("MLP", StringComparison.Ordinal)
            ? tensor(batch.Images, [Batch, side * side])
            : tensor(batch.Images, [Batch, side, side, channels]).permute(0, 3, 1, 2).contiguous())];
        Tensor[] labels = [.. data.Select(batch => tensor([.. batch.Labels.Select(label => (long)label)]))];
        double last = double.NaN;
        for (int step = 0; step < Steps; step++)
        {
            using DisposeScope temporaries = NewDisposeScope();
            sgd.zero_grad();
            Tensor loss = nn.functional.cross_entropy(model.forward(images[step % Batches]), labels[step % Batches]);
            loss.backward();
            sgd.step();
            last = loss.item<float>();
        }

        return last;
    }

    /// <summary>A batch of ten patterns under noise.</summary>
    private static (float[] Images, float[] Labels) Data(int batch, int size)
    {
        Core.Randomness.RandomStream random = new(BenchValues.Seed, 0x6167_7265, (uint)batch);
        float[] images = new float[Batch * size], labels = new float[Batch];
        for (int i = 0; i < Batch; i++)
        {
            int label = (i + batch) % 10;
            labels[i] = label;
            for (int j = 0; j < size; j++)
            {
                float pattern = (j * (label + 3) * 2654435761u) % 97 < 20 ? 1 : 0;
                images[(i * size) + j] = pattern + (float)(0.5 * random.NextGaussian());
            }
        }

        return (images, labels);
    }
}
