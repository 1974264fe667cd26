using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>The windows that a convolution or pooling node moves over images: its strides, dilations and padding.</summary>
internal sealed class Windows
{
    /// <param name="node">The node.</param>
    /// <param name="sequence">Whether its images are sequences: images of one row.</param>
    /// <param name="images">The images' shape, (N, H, W, C).</param>
    /// <param name="height">The kernel's height.</param>
    /// <param name="width">The kernel's width.</param>
    public Windows(OnnxNode node, bool sequence, Shape images, int height, int width)
    {
        int[] strides = Pair(node.Integers("strides"), sequence, 1), dilations = Pair(node.Integers("dilations"), sequence, 1);
        int[] kernel = [((height - 1) * dilations[0]) + 1, ((width - 1) * dilations[1]) + 1];
        int[] pads = node.Integers("pads") switch
        {
            null => [0, 0, 0, 0],
            [var left, var right] when sequence => [0, left, 0, right],
            { Length: 4 } all when !sequence => all,
            _ => throw node.Wrong("pads"),
        };
        string auto = node.Word("auto_pad", "NOTSET");
        if (auto is not ("NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER"))
        {
            throw node.Wrong("auto_pad");
        }

        bool ceil = node.Integer("ceil_mode", 0) != 0;
        for (int axis = 0; axis < 2; axis++)
        {
            int extent = images[axis + 1], stride = strides[axis];
            if (stride < 1 || dilations[axis] < 1)
            {
                throw node.Wrong(stride < 1 ? "strides" : "dilations");
            }

            if (auto is "SAME_UPPER" or "SAME_LOWER")
            {
                int needed = Math.Max(0, ((((extent + stride - 1) / stride) - 1) * stride) + kernel[axis] - extent);
                (pads[axis], pads[axis + 2]) = auto == "SAME_UPPER" ? (needed / 2, (needed + 1) / 2)
                    : ((needed + 1) / 2, needed / 2);
            }
            else if (auto == "VALID")
            {
                (pads[axis], pads[axis + 2]) = (0, 0);
            }

            int room = extent + pads[axis] + pads[axis + 2] - kernel[axis], rest = room % stride;
            if (ceil && room >= 0 && rest != 0 && room + stride - rest < extent + pads[axis])
            {
                // One window more, which begins inside the images.
                pads[axis + 2] += stride - rest;
                BeyondEdge = true;
            }
        }

        Pads = pads;
        Dilation = (dilations[0], dilations[1]);
        Symmetric = pads[0] == pads[2] && pads[1] == pads[3];

        // Padding of more than half a window is for convolutions alone.
        Geometry = Symmetric ? new Conv2dGeometry(strides[0], strides[1], pads[0], pads[1])
            : new Conv2dGeometry(strides[0], strides[1], 0, 0);
    }

    /// <summary>Pixels put above, left, below and right.</summary>
    public int[] Pads { get; }

    /// <summary>The distance of the kernel's taps.</summary>
    public (int Height, int Width) Dilation { get; }

    /// <summary>Strides, and padding where it is the same on opposite sides.</summary>
    public Conv2dGeometry Geometry { get; }

    /// <summary>Whether the padding is the same on opposite sides.</summary>
    public bool Symmetric { get; }

    /// <summary>Whether a window reaches beyond the padding, as <c>ceil_mode</c> allows.</summary>
    public bool BeyondEdge { get; }

    /// <summary>A setting for both axes; a sequence's is for the columns.</summary>
    public static int[] Pair(int[]? values, bool sequence, int fallback) => values switch
    {
        null => [fallback, fallback],
        [var only] when sequence => [fallback == 0 ? 0 : 1, only],
        [_, _] when !sequence => values,
        _ => throw new CheckpointException(
            $"({string.Join(", ", values)}) is no setting for images of {(sequence ? "one dimension" : "two dimensions")}"),
    };

    /// <summary>The images, padded where opposite sides differ: then <see cref="Geometry"/> has no padding.</summary>
    public Tensor Padded(Tensor images, float value) =>
        Symmetric ? images : images.Pad(1, Pads[0], Pads[2], value).Pad(2, Pads[1], Pads[3], value);
}
