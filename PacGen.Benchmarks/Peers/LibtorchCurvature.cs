using TorchSharp;
using static TorchSharp.torch;

namespace PacGen.Benchmarks.Peers;

/// <summary>Hessian-vector products by libtorch's double backward.</summary>
internal sealed class LibtorchCurvature : IDisposable
{
    private readonly nn.Module<Tensor, Tensor> model;
    private readonly Tensor[] weights, along;
    private readonly Tensor input, labels;

    /// <summary>A network in evaluation mode, on a batch.</summary>
    public LibtorchCurvature(string network, int batch, bool channelsLast)
    {
        (model, input) = network switch
        {
            "mnist-cnn" => (MnistCnn(), randn(batch, 1, 28, 28)),
            "WRN-16-1" => (new LibtorchWideResNet(16, 1, 10), randn(batch, 3, 32, 32)),
            _ => ((nn.Module<Tensor, Tensor>)Mlp(), randn(batch, 784)),
        };
        labels = randint(10, batch, dtype: ScalarType.Int64);
        model.eval();
        if (channelsLast && input.dim() == 4)
        {
            input = ChannelsLast(input);
            using (no_grad())
            {
                foreach (TorchSharp.Modules.Parameter parameter in model.parameters().Where(parameter => parameter.dim() == 4))
                {
                    parameter.set_(ChannelsLast(parameter));
                }
            }
        }

        weights = [.. model.parameters()];
        along = [.. weights.Select(weight => randn_like(weight).detach())];
    }

    /// <summary>The MLP 784-512-512-10 with ReLU.</summary>
    public static TorchSharp.Modules.Sequential Mlp() => nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10));

    /// <summary>The network of PyTorch's MNIST example.</summary>
    public static TorchSharp.Modules.Sequential MnistCnn() => nn.Sequential(
        nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(),
        nn.Linear(320, 50), nn.ReLU(), nn.Linear(50, 10));

    /// <summary>∇²L̂·v.</summary>
    public void Product()
    {
        Tensor loss = nn.functional.cross_entropy(model.forward(input), labels);
        IList<Tensor> gradient = autograd.grad([loss], weights, retain_graph: true, create_graph: true);
        Tensor along = gradient.Zip(this.along, (g, v) => (g * v).sum()).Aggregate((a, b) => a + b);
        _ = autograd.grad([along], weights, allow_unused: true);
    }

    public void Dispose() => model.Dispose();

    private static Tensor ChannelsLast(Tensor x) => x.detach().permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
}
