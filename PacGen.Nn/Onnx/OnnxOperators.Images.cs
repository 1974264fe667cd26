using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>Images of another size, pixels from channels, and sums over neighbouring channels.</content>
internal static partial class OnnxOperators
{
    /// <summary>
    /// Each axis on its own: whole multiples of nearest pixels are repeated, all else is a product with a matrix that has the
    /// weights of the input's places.
    /// </summary>
    private static OnnxTensor Resize(OnnxCall call)
    {
        OnnxNode node = call.Node;
        OnnxTensor value = call[0] as OnnxTensor ?? new OnnxTensor(call[0].Plain(), call[0].Dims);
        int rank = value.Dims.Length;
        int[] axes = node.Integers("axes") is { } some ? [.. some.Select(axis => OnnxAxes.Axis(axis, rank))]
            : AxisOrder.Identity(rank);
        double[] scales = call.Known(2)?.Values ?? [];
        int[] sizes = call.Known(3)?.Integers ?? [];
        if (node.Integer("antialias", 0) != 0 || node.Word("keep_aspect_ratio_policy", "stretch") != "stretch")
        {
            throw node.Wrong(node.Integer("antialias", 0) != 0 ? "antialias" : "keep_aspect_ratio_policy");
        }

        if (Math.Max(scales.Length, sizes.Length) != axes.Length)
        {
            throw new CheckpointException(
                $"it has {Math.Max(scales.Length, sizes.Length)} sizes or scales for {axes.Length} axes");
        }

        ResizeRule rule = new(node);
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = axes[i], from = value.Dims[axis], to = sizes.Length > 0 ? sizes[i] : (int)(from * (float)scales[i]);
            float scale = sizes.Length > 0 ? (float)to / from : (float)scales[i];
            if (to < 1)
            {
                throw new CheckpointException($"axis {axis} would be empty");
            }

            // The examples' own axis, in a file that states how many there are.
            bool isBatch = axis == 0 && sizes.Length > 0 && to == call.Network.StatedBatch && from == call.Network.Batch;
            if (!isBatch && (to != from || scale != 1))
            {
                call.Network.CountComputed(to);
                value = Along(value, axis, to, (x, ours) => Resampled(call.Network, rule, x, ours, scale, to));
            }
        }

        return value;
    }

    /// <summary>Sums of an axis's places, by the weights of each output.</summary>
    private static Tensor Resampled(OnnxNetwork network, ResizeRule rule, Tensor x, int axis, float scale, int to)
    {
        int from = x.Shape[axis], last = x.Shape.Rank - 1;
        Span<(int Place, double Weight)> taps = stackalloc (int, double)[ResizeRule.MostTaps];
        bool repeats = to % from == 0;
        for (int output = 0; repeats && output < to; output++)
        {
            repeats = rule.Of(output, scale, from, to, taps) == 1 && taps[0].Place == output / (to / from);
        }

        if (repeats)
        {
            return Repeated(x, axis, to / from, each: true);
        }

        network.CountComputed((long)from * to);
        float[] matrix = new float[from * to];
        for (int output = 0; output < to; output++)
        {
            foreach ((int place, double weight) in taps[..rule.Of(output, scale, from, to, taps)])
            {
                matrix[(place * to) + output] += (float)weight;
            }
        }

        Tensor turned = x.SwapAxes(axis, last);
        Tensor y = Tensor.MatMul(turned.Reshape(-1, from), Tensor.Constant(new Shape(from, to), matrix));
        return y.Reshape(new Shape([.. turned.Shape.AsSpan()[..last], to])).SwapAxes(axis, last);
    }

    /// <summary>Blocks of channels become blocks of pixels, PyTorch's PixelShuffle with the mode CRD.</summary>
    private static OnnxTensor DepthToSpace(OnnxCall call)
    {
        Tensor images = Blocks(call, out int size);
        string mode = call.Node.Word("mode", "DCR");
        if (mode is not ("DCR" or "CRD"))
        {
            throw call.Node.Wrong("mode");
        }

        if (images.Shape[3] % ((long)size * size) != 0)
        {
            throw call.Node.Wrong("blocksize");
        }

        (int count, int height, int width, int channels) =
            (images.Shape[0], images.Shape[1], images.Shape[2], images.Shape[3] / (size * size));
        Tensor blocks = mode == "CRD"
            ? images.Reshape(count, height, width, channels, size, size).Permute(0, 1, 4, 2, 5, 3)
            : images.Reshape(count, height, width, size, size, channels).Permute(0, 1, 3, 2, 4, 5);
        return OnnxCall.OfImages(blocks.Reshape(count, height * size, width * size, channels));
    }

    /// <summary>Blocks of pixels become blocks of channels.</summary>
    private static OnnxTensor SpaceToDepth(OnnxCall call)
    {
        Tensor images = Blocks(call, out int size);
        if (images.Shape[1] % size != 0 || images.Shape[2] % size != 0)
        {
            throw call.Node.Wrong("blocksize");
        }

        (int count, int height, int width, int channels) =
            (images.Shape[0], images.Shape[1] / size, images.Shape[2] / size, images.Shape[3]);
        return OnnxCall.OfImages(
            images.Reshape(count, height, size, width, size, channels).Permute(0, 1, 3, 2, 4, 5).Reshape(
                count, height, width, size * size * channels));
    }

    private static Tensor Blocks(OnnxCall call, out int size)
    {
        size = call.Node.Integer("blocksize", 1);
        return size < 1 ? throw call.Node.Wrong("blocksize") : call[0].Dims.Length == 4 ? call.Images(0)
            : throw new CheckpointException($"it takes images (N, C, H, W), not ({string.Join(", ", call[0].Dims)})");
    }

    /// <summary>x / (bias + alpha/size·Σx²)^beta, the sum being over the channels around.</summary>
    private static OnnxTensor LocalResponse(OnnxCall call)
    {
        OnnxNode node = call.Node;
        Tensor images = call.Images(0);
        int size = node.Integer("size", 1), channels = images.Shape[3];
        if (size < 1)
        {
            throw node.Wrong("size");
        }

        int before = Math.Min((size - 1) / 2, channels - 1), behind = Math.Min(size / 2, channels - 1);
        Tensor squares = images.Square().Pad(3, before, behind);
        Tensor sum = Enumerable.Range(0, before + 1 + behind).Select(i => squares.Slice(3, i, i + channels)).Aggregate(
            (a, b) => a + b);
        Tensor scale = (float)node.Number("bias", 1) + (sum * (node.Number("alpha", 1e-4) / size));
        return OnnxCall.OfImages(images * scale.Pow(-node.Number("beta", 0.75)), call.IsSequence(0));
    }
}
