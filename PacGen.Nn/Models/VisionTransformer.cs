using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A small vision transformer (Dosovitskiy and others 2021): images (N, H, W, channels) are cut into square patches, each mapped
/// linearly to E numbers; a class token comes before them and a learnt position is added; a transformer encoder of GELU layers
/// that normalise first; and a linear layer of the normalised class token gives (N, classes). Without ReLU and pooling it is
/// smooth in its weights, as the bounds from curvature ask.
/// </summary>
public sealed class VisionTransformer : Module
{
    private readonly Conv2d patches;
    private readonly Parameter classToken;
    private readonly Parameter positions;
    private readonly Dropout dropout;
    private readonly TransformerEncoder encoder;
    private readonly Linear head;
    private readonly int height;
    private readonly int width;

    /// <summary>A vision transformer.</summary>
    /// <param name="height">Rows of an image; a multiple of the patch.</param>
    /// <param name="width">Columns of an image; a multiple of the patch.</param>
    /// <param name="channels">Channels of a pixel.</param>
    /// <param name="classes">How many classes the images have.</param>
    /// <param name="patch">The height and width of a patch.</param>
    /// <param name="embedding">E.</param>
    /// <param name="layers">The encoder's layers.</param>
    /// <param name="heads">The attention's heads; E is a multiple.</param>
    /// <param name="dropout">p of dropout behind the positions and within the layers.</param>
    /// <exception cref="ArgumentOutOfRangeException">The image is no multiple of the patch, E none of the heads, or another
    /// number is out of range.</exception>
    public VisionTransformer(
        int height, int width, int channels, int classes, int patch = 4, int embedding = 128, int layers = 4, int heads = 4,
        double dropout = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        if (patch < 1 || height < patch || width < patch || height % patch != 0 || width % patch != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(patch), patch, $"Images of {height}×{width} can't be cut into patches of {patch}×{patch}.");
        }

        (this.height, this.width) = (height, width);
        patches = new Conv2d(channels, embedding, patch, patch);
        Shape token = new(1, 1, embedding), places = new(1, (height / patch * (width / patch)) + 1, embedding);
        classToken = new Parameter(token, Initializer.Zeros);
        positions = new Parameter(places, Initializer.Normal(0.02));
        this.dropout = new Dropout(dropout);
        encoder = new TransformerEncoder(
            [.. Enumerable.Range(0, layers).Select(_ => new TransformerEncoderLayer(
                embedding, heads, 4 * embedding, dropout, x => x.Gelu(), normFirst: true))],
            new LayerNorm(embedding));
        head = new Linear(embedding, classes);
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The images have another size.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank != 4 || (x.Shape[1], x.Shape[2]) != (height, width))
        {
            throw new ShapeException($"VisionTransformer was made for images of {height}×{width}, not {x.Shape}.");
        }

        Tensor tokens = patches.Apply(x);
        int batch = tokens.Shape[0], length = tokens.Shape[3];
        tokens = tokens.Reshape(batch, -1, length);
        Tensor first = classToken.Tensor.BroadcastTo(new Shape(batch, 1, length));
        Tensor y = dropout.Apply(Tensor.Concatenate(1, first, tokens) + positions);
        return head.Apply(encoder.Apply(y).Slice(1, 0, 1).Reshape(batch, length));
    }
}
