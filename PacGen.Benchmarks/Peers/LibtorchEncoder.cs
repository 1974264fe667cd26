using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PacGen.Benchmarks.Peers;

/// <summary>
/// A transformer encoder of libtorch's modules, or of its functions with fused attention, and a linear layer of the mean over
/// places: (N, T, E) → (N, 10).
/// </summary>
internal sealed class LibtorchEncoder : nn.Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.TransformerEncoderLayer[] encoders = [];
    private readonly Layer[] functions = [];
    private readonly Linear linear;

    /// <summary>An encoder.</summary>
    public LibtorchEncoder(int embedding, int heads, int layers, bool ofFunctions)
        : base(nameof(LibtorchEncoder))
    {
        linear = nn.Linear(embedding, 10);
        if (ofFunctions)
        {
            functions = [.. Enumerable.Range(0, layers).Select(_ => new Layer(embedding, heads))];
        }
        else
        {
            encoders =
                [.. Enumerable.Range(0, layers).Select(_ => nn.TransformerEncoderLayer(embedding, heads, 4 * embedding, 0))];
        }

        RegisterComponents();
        foreach ((nn.Module layer, int i) in encoders.Concat<nn.Module>(functions).Select((layer, i) => (layer, i)))
        {
            register_module($"layer{i}", layer);
        }
    }

    public override Tensor forward(Tensor x)
    {
        if (functions.Length > 0)
        {
            return linear.forward(functions.Aggregate(x, (y, layer) => layer.forward(y)).mean([1L]));
        }

        // These modules take (T, N, E).
        Tensor places = encoders.Aggregate(x.transpose(0, 1), (y, layer) => layer.forward(y));
        return linear.forward(places.mean([0L]));
    }

    private sealed class Layer : nn.Module<Tensor, Tensor>
    {
        private readonly Linear maps, output, linear1, linear2;
        private readonly LayerNorm norm1, norm2;
        private readonly int heads;

        public Layer(int embedding, int heads)
            : base(nameof(Layer))
        {
            this.heads = heads;
            maps = nn.Linear(embedding, 3 * embedding);
            output = nn.Linear(embedding, embedding);
            linear1 = nn.Linear(embedding, 4 * embedding);
            linear2 = nn.Linear(4 * embedding, embedding);
            norm1 = nn.LayerNorm(embedding);
            norm2 = nn.LayerNorm(embedding);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            long batch = x.shape[0], length = x.shape[1], embedding = x.shape[2];
            Tensor qkv = maps.forward(x).view(batch, length, 3, heads, embedding / heads).permute(2, 0, 3, 1, 4);
            Tensor attention = nn.functional.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
            x = norm1.forward(x + output.forward(attention.transpose(1, 2).reshape(batch, length, embedding)));
            return norm2.forward(x + linear2.forward(nn.functional.relu(linear1.forward(x))));
        }
    }
}
