using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PacGen.Benchmarks.Peers;

/// <summary>
/// The Wide-ResNet of the paper's code in libtorch's modules, as PacGen's <c>WideResNet</c> builds it: 3×32×32 images.
/// </summary>
internal sealed class LibtorchWideResNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d stem;
    private readonly Sequential blocks;
    private readonly BatchNorm2d norm;
    private readonly Linear linear;

    /// <summary>A Wide-ResNet.</summary>
    public LibtorchWideResNet(int depth, int widen, int classes)
        : base(nameof(LibtorchWideResNet))
    {
        stem = nn.Conv2d(3, 16, 3, 1, 1);
        List<nn.Module<Tensor, Tensor>> all = [];
        int inputs = 16;
        for (int group = 0; group < 3; group++)
        {
            int outputs = 16 * widen << group;
            for (int block = 0; block < (depth - 4) / 6; block++)
            {
                all.Add(new Block(inputs, outputs, block == 0 && group > 0 ? 2 : 1));
                inputs = outputs;
            }
        }

        blocks = nn.Sequential(all);
        norm = nn.BatchNorm2d(inputs, momentum: 0.9);
        linear = nn.Linear(inputs, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        Tensor y = nn.functional.relu(norm.forward(blocks.forward(stem.forward(x))), inplace: true);
        y = nn.functional.avg_pool2d(y, 8);
        return linear.forward(y.reshape(y.shape[0], -1));
    }

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly BatchNorm2d bn1;
        private readonly Conv2d conv1;
        private readonly BatchNorm2d bn2;
        private readonly Conv2d conv2;
        private readonly Conv2d? shortcut;

        public Block(int inputs, int outputs, int stride)
            : base(nameof(Block))
        {
            bn1 = nn.BatchNorm2d(inputs);
            conv1 = nn.Conv2d(inputs, outputs, 3, 1, 1);
            bn2 = nn.BatchNorm2d(outputs);
            conv2 = nn.Conv2d(outputs, outputs, 3, stride, 1);
            shortcut = stride != 1 || inputs != outputs ? nn.Conv2d(inputs, outputs, 1, stride) : null;
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            Tensor y = conv1.forward(nn.functional.relu(bn1.forward(x), inplace: true));
            y = conv2.forward(nn.functional.relu(bn2.forward(y), inplace: true));
            return y.add_(shortcut?.forward(x) ?? x);
        }
    }
}
