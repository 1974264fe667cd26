using System.Reflection;
using PacGen.Kernels;
using PacGen.Nn;
using Module = PacGen.Nn.Module;

namespace PacGen.Tests.Kernels;

/// <summary>
/// The kernels that models bind on a GPU with large groups, for training, evaluation and perturbation: an MLP, the network of the
/// MNIST example, a Wide-ResNet, in bfloat16 too, a vision transformer, and two with the other layers. Nothing is run.
/// </summary>
internal static class ModelKernels
{
    private static readonly Lazy<IReadOnlyList<MethodInfo>> All = new(Bind);

    public static IReadOnlyList<MethodInfo> Bound() => All.Value;

    private static IReadOnlyList<MethodInfo> Bind()
    {
        const int Batch = 16;
        using GpuDevice device = WarpSimulator.Create(8, onlyListsKernels: true);
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(3 * Batch), digits.Test.Take(Batch));
        ImageSet blank = new(new byte[Batch * 28 * 28], new int[Batch], 28, 28, 10, new Normalization([0f], [1f]));
        Bind(new Mlp(64, 128, 10), few);
        Bind(new MnistCnn(), new Dataset("blank", blank, blank));
        Bind(new WideResNet(10, 1, 10, channels: 1), few);
        Bind(new Sequential(
            new Conv2d(1, 8, 3, padding: 1), new MaxPool2d(3, 2, 1), new Tanh(), new AvgPool2d(2), new Dropout(0.2),
            new Sigmoid(), new Flatten(), new Linear(32, 10)), few);
        Bind(new VisionTransformer(8, 8, 1, 10, 4, 16, 1, 2, 0.1), few);
        Bind(new Sequential(
            new Conv2d(1, 8, 3, padding: 1), new GroupNorm(2, 8), new Silu(), new Conv2d(8, 8, 3, padding: 1, groups: 8),
            new Hardswish(), new GlobalAveragePool(), new Linear(8, 10)), few);
        device.StoresBFloat16 = true;
        Bind(new WideResNet(10, 1, 10, channels: 1), few, Precision.BFloat16);
        return [.. device.Kernels];

        void Bind(Module model, Dataset images, Precision precision = Precision.Single)
        {
            using Trainer trainer = new(
                model, images, new PerturbedOptimizer(new Adam(1e-3), 0.01),
                new TrainingOptions { Epochs = 1, BatchSize = Batch, Device = device, Precision = precision });
        }
    }
}
