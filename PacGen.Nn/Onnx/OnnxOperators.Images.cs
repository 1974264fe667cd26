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
            throw new CheckpointException($"{Math.Max(scales.Length, sizes.Length)} sizes or scales are no {axes.Length} axes");
        }

        for (int i = 0; i < axes.Length; i++)
        {
            int axis = axes[i], from = value.Dims[axis], to = sizes.Length > 0 ? sizes[i] : (int)(from * (float)scales[i]);
            double scale = sizes.Length > 0 ? (double)to / from : scales[i];
            if (to < 1)
            {
                throw new CheckpointException($"axis {axis} would be empty");
            }

            if (to != from || scale != 1)
            {
                double[][] weights = [.. Enumerable.Range(0, to).Select(place => ResizeWeights(node, place, scale, from, to))];
                value = Along(value, axis, to, (x, ours) => Resampled(x, ours, weights));
            }
        }

        return value;
    }

    /// <summary>How much of each of the input's places an output has.</summary>
    private static double[] ResizeWeights(OnnxNode node, int place, double scale, int from, int to)
    {
        string mode = node.Word("mode", "nearest");
        double x = node.Word("coordinate_transformation_mode", "half_pixel") switch
        {
            "half_pixel" => ((place + 0.5) / scale) - 0.5,
            "pytorch_half_pixel" => to > 1 ? ((place + 0.5) / scale) - 0.5 : 0,
            "align_corners" => to > 1 ? place * (from - 1.0) / (to - 1) : 0,
            "asymmetric" => place / scale,
            "half_pixel_symmetric" => (from / 2.0 * (1 - (to / (scale * from)))) + ((place + 0.5) / scale) - 0.5,
            _ => throw node.Wrong("coordinate_transformation_mode"),
        };

        // As single precision has it, so that ties are the same.
        x = (float)x;
        double[] weights = new double[from];
        int first = (int)Math.Floor(x);
        double rest = x - first;
        switch (mode)
        {
            case "nearest":
                int nearest = node.Word("nearest_mode", "round_prefer_floor") switch
                {
                    "round_prefer_floor" => (int)Math.Ceiling(x - 0.5),
                    "round_prefer_ceil" => (int)Math.Floor(x + 0.5),
                    "floor" => first,
                    "ceil" => (int)Math.Ceiling(x),
                    _ => throw node.Wrong("nearest_mode"),
                };
                weights[Math.Clamp(nearest, 0, from - 1)] = 1;
                break;
            case "linear":
                weights[Math.Clamp(first, 0, from - 1)] += 1 - rest;
                weights[Math.Clamp(first + 1, 0, from - 1)] += rest;
                break;
            case "cubic":
                // Keys' convolution; places beyond the edge are the edge's, or are left out.
                double a = node.Number("cubic_coeff_a", -0.75);
                bool exclude = node.Integer("exclude_outside", 0) != 0;
                for (int near = first - 1; near <= first + 2; near++)
                {
                    double d = Math.Abs(x - near);
                    double weight = d <= 1 ? ((((a + 2) * d) - (a + 3)) * d * d) + 1 : ((((a * d) - (5 * a)) * d) + (8 * a)) * d
                        - (4 * a);
                    weights[Math.Clamp(near, 0, from - 1)] += exclude && (near < 0 || near >= from) ? 0 : weight;
                }

                double sum = weights.Sum();
                weights = exclude ? Array.ConvertAll(weights, weight => weight / sum) : weights;
                break;
            default:
                throw node.Wrong("mode");
        }

        return weights;
    }

    /// <summary>Sums of an axis's places, by the weights of each output.</summary>
    private static Tensor Resampled(Tensor x, int axis, double[][] weights)
    {
        int from = x.Shape[axis], to = weights.Length, times = to / from;
        int[] dims = x.Shape.AsSpan().ToArray();
        if (to % from == 0 && weights.Index().All(output => output.Item[output.Index / times] == 1))
        {
            Tensor apart = x.Reshape(new Shape([.. dims[..(axis + 1)], 1, .. dims[(axis + 1)..]]));
            return apart.BroadcastTo(new Shape([.. dims[..(axis + 1)], times, .. dims[(axis + 1)..]])).Reshape(
                new Shape([.. dims[..axis], to, .. dims[(axis + 1)..]]));
        }

        Tensor matrix = Tensor.Constant(new Shape(to, from), [.. weights.SelectMany(row => row).Select(weight => (float)weight)]);
        int outer = Product(dims.AsSpan()[..axis]), inner = Product(dims.AsSpan()[(axis + 1)..]);
        return Tensor.MatMul(matrix, x.Reshape(outer, from, inner)).Reshape(
            new Shape([.. dims[..axis], to, .. dims[(axis + 1)..]]));
    }

    /// <summary>Blocks of channels become blocks of pixels, PyTorch's PixelShuffle with the mode CRD.</summary>
    private static OnnxTensor DepthToSpace(OnnxCall call)
    {
        Tensor images = call.Images(0);
        int size = call.Node.Integer("blocksize", 1);
        string mode = call.Node.Word("mode", "DCR");
        if (mode is not ("DCR" or "CRD"))
        {
            throw call.Node.Wrong("mode");
        }

        if (size < 1 || images.Shape[3] % (size * size) != 0)
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
        Tensor images = call.Images(0);
        int size = call.Node.Integer("blocksize", 1);
        if (size < 1 || images.Shape[1] % size != 0 || images.Shape[2] % size != 0)
        {
            throw call.Node.Wrong("blocksize");
        }

        (int count, int height, int width, int channels) =
            (images.Shape[0], images.Shape[1] / size, images.Shape[2] / size, images.Shape[3]);
        return OnnxCall.OfImages(
            images.Reshape(count, height, size, width, size, channels).Permute(0, 1, 3, 2, 4, 5).Reshape(
                count, height, width, size * size * channels));
    }

    /// <summary>x / (bias + alpha/size·Σx²)^beta, the sum being over the channels around.</summary>
    private static OnnxTensor LocalResponse(OnnxCall call)
    {
        OnnxNode node = call.Node;
        Tensor images = call.Images(0);
        int size = Math.Max(1, node.Integer("size", 1)), before = (size - 1) / 2, channels = images.Shape[3];
        Tensor squares = images.Square().Pad(3, before, size - 1 - before);
        Tensor sum = Enumerable.Range(0, size).Select(i => squares.Slice(3, i, i + channels)).Aggregate((a, b) => a + b);
        Tensor of = (float)node.Number("bias", 1) + (sum * (node.Number("alpha", 1e-4) / size));
        return OnnxCall.OfImages(images * of.Pow(-node.Number("beta", 0.75)), call.IsSequence(0));
    }
}
