using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>Products, convolutions, pooling and batch norm.</content>
internal static partial class OnnxOperators
{
    private static OnnxTensor Gemm(OnnxCall call)
    {
        OnnxNode node = call.Node;
        double alpha = node.Number("alpha", 1), beta = node.Number("beta", 1);
        bool transposedA = node.Integer("transA", 0) != 0, transposedB = node.Integer("transB", 0) != 0;
        if (call[0].Dims.Length != 2 || call[1].Dims.Length != 2)
        {
            throw new CheckpointException("it takes matrices");
        }

        Tensor y = transposedA
            ? Product(new OnnxTensor(call[0].Plain().Transpose(), [call[0].Dims[1], call[0].Dims[0]]), call[1], transposedB)
            : Product(call[0], call[1], transposedB);
        y = alpha == 1 ? y : y * alpha;
        if (call.Optional(2) is { } bias)
        {
            y += beta == 1 ? bias.Plain() : bias.Plain() * beta;
        }

        return new OnnxTensor(y, y.Shape.AsSpan().ToArray());
    }

    private static OnnxTensor MatMul(OnnxCall call)
    {
        int[] a = call[0].Dims, b = call[1].Dims;
        if (a.Length == 0 || b.Length == 0)
        {
            throw new CheckpointException("it takes vectors and matrices, not scalars");
        }

        // A vector is a row before a matrix, a column behind it, and its axis is none of the product's.
        if (a.Length == 1 || b.Length == 1)
        {
            Tensor first = a.Length == 1 ? call[0].Plain().Reshape(1, a[0]) : call[0].Plain();
            Tensor second = b.Length == 1 ? call[1].Plain().Reshape(b[0], 1) : call[1].Plain();
            int[] extents = [
                .. OnnxAxes.Broadcast(a.Length > 2 ? a[..^2] : [], b.Length > 2 ? b[..^2] : []),
                .. a.Length == 1 ? Array.Empty<int>() : [a[^2]], .. b.Length == 1 ? Array.Empty<int>() : [b[^1]]];
            return new OnnxTensor(Tensor.MatMul(first, second).Reshape(new Shape(extents)), extents);
        }

        if (a.Length == 2 && b.Length == 2)
        {
            Tensor product = Product(call[0], call[1], transposed: false);
            return new OnnxTensor(product, product.Shape.AsSpan().ToArray());
        }

        int[] outer = OnnxAxes.Broadcast(a[..^2], b[..^2]);
        return new OnnxTensor(Tensor.MatMul(call[0].Plain(), call[1].Plain()), [.. outer, a[^2], b[^1]]);
    }

    /// <summary>A product of matrices; the rows of the second are put in the order in which the first has its features.</summary>
    private static Tensor Product(OnnxValue a, OnnxValue b, bool transposed)
    {
        if (a is OnnxTensor { Layout: OnnxLayout.FlattenedImage } image && b is OnnxStored or OnnxKnown
            && b.Dims[transposed ? 1 : 0] == image.Dims[1])
        {
            return Tensor.MatMul(image.Tensor, OnnxCall.FromFlattened(b, transposed ? 1 : 0, image.Image, transposed));
        }

        if (!transposed)
        {
            return Tensor.MatMul(a.Plain(), b.Plain());
        }

        // Weights are stored (in, out), as Linear has them.
        Tensor second = b is OnnxTensor ? b.Plain().Transpose() : b.Ordered(
            [[b.Dims[0]], [b.Dims[1]]], [1, 0], new Shape(b.Dims[1], b.Dims[0]));
        return Tensor.MatMul(a.Plain(), second);
    }

    private static OnnxTensor Convolution(OnnxCall call)
    {
        bool sequence = call.IsSequence(0);
        Tensor images = call.Images(0);
        (int height, int width, Tensor kernel) = Kernel(call[1], sequence);
        Windows windows = new(call.Node, sequence, images.Shape, height, width);
        Tensor y = Tensor.Conv2d(
            windows.Padded(images, 0), kernel, windows.Geometry, windows.Dilation, call.Node.Integer("group", 1));
        return OnnxCall.OfImages(call.Optional(2) is { } bias ? y + bias.Plain() : y, sequence);
    }

    private static OnnxTensor TransposedConvolution(OnnxCall call)
    {
        bool sequence = call.IsSequence(0);
        Tensor images = call.Images(0);
        OnnxNode node = call.Node;
        int groups = node.Integer("group", 1);
        int[] dims = call[1].Dims, extra = Windows.Pair(node.Integers("output_padding"), sequence, 0);
        (int height, int width, _) = Extents(call[1], sequence);
        Windows windows = new(node, sequence, images.Shape, height, width);
        if (!windows.Symmetric || node.Integers("output_shape") is not null || (groups != 1 && groups != dims[0]))
        {
            throw new CheckpointException(
                "an output shape, unequal padding or groups of several channels are not supported there");
        }

        // (C, OC/groups, KH, KW) in ONNX, (KH, KW, OC/groups, C) here.
        Tensor kernel = call[1].Ordered(
            [[dims[0]], [dims[1]], [height], [width]], [2, 3, 1, 0], new Shape(height, width, dims[1], dims[0]));
        Tensor y = Tensor.ConvTranspose2d(images, kernel, windows.Geometry, (extra[0], extra[1]), windows.Dilation, groups);
        return OnnxCall.OfImages(call.Optional(2) is { } bias ? y + bias.Plain() : y, sequence);
    }

    private static (int Height, int Width, Tensor Kernel) Kernel(OnnxValue weights, bool sequence)
    {
        (int height, int width, int[] dims) = Extents(weights, sequence);
        Tensor kernel = weights.Ordered(
            sequence ? [[dims[0]], [dims[1]], [1, width]] : [[dims[0]], [dims[1]], [height], [width]], [2, 3, 1, 0],
            new Shape(height, width, dims[1], dims[0]));
        return (height, width, kernel);
    }

    private static (int Height, int Width, int[] Dims) Extents(OnnxValue weights, bool sequence) =>
        (weights.Dims, sequence) switch
    {
        ([_, _, var width], true) => (1, width, weights.Dims),
        ([_, _, var height, var width], false) => (height, width, weights.Dims),
        _ => throw new CheckpointException(
            $"its weights have the extents ({string.Join(", ", weights.Dims)}), which don't fit its input"),
    };

    private static OnnxTensor Pool(OnnxCall call, bool average)
    {
        OnnxNode node = call.Node;
        bool sequence = call.IsSequence(0);
        Tensor images = call.Images(0);
        int[] kernel = Windows.Pair(node.Integers("kernel_shape"), sequence, 1);
        Windows windows = new(node, sequence, images.Shape, kernel[0], kernel[1]);
        if (windows.Dilation != (1, 1) || node.Integer("storage_order", 0) != 0 || (average && windows.BeyondEdge))
        {
            throw new CheckpointException(
                "windows with dilation, or that reach beyond the edge in a mean (ceil_mode), are not supported");
        }

        Conv2dGeometry moves = windows.Geometry;
        PoolGeometry geometry = new(
            kernel[0], kernel[1], moves.StrideHeight, moves.StrideWidth, moves.PaddingHeight, moves.PaddingWidth);
        Tensor padded = windows.Padded(images, average ? 0 : float.NegativeInfinity);
        if (!average)
        {
            return OnnxCall.OfImages(Tensor.Apply(new PoolSelect(geometry), padded, padded), sequence);
        }

        Tensor y = Tensor.Apply(new AveragePool(geometry), padded);
        if (windows.Pads.Any(pad => pad > 0) && node.Integer("count_include_pad", 0) == 0)
        {
            // Divided by the pixels of the window that are there.
            Tensor there = Tensor.Constant(1f).BroadcastTo(new Shape(1, images.Shape[1], images.Shape[2], 1));
            y /= Tensor.Apply(new AveragePool(geometry), windows.Padded(there, 0));
        }

        return OnnxCall.OfImages(y, sequence);
    }

    private static OnnxTensor BatchNormalization(OnnxCall call)
    {
        if (call[1] is not OnnxStored { Weight: var weight } || call[2] is not OnnxStored { Weight: var bias }
            || call[3] is not OnnxStored { Weight: var mean } || call[4] is not OnnxStored { Weight: var variance })
        {
            throw new CheckpointException("its weight, bias, mean and variance should be arrays of the file");
        }

        OnnxValue value = call[0];
        BatchNorm layer = call.Network.Layer(call.Node, () =>
        {
            _ = (call[1].Plain(), call[2].Plain());

            // ONNX counts the share of what was there before, PyTorch that of the batch.
            return new BatchNorm(
                weight.Parameter!, bias.Parameter!, mean.TakeState(), variance.TakeState(), call.Node.Number("epsilon", 1e-5),
                Math.Round(1 - call.Node.Number("momentum", 0.9), 6));
        });
        return value.Dims.Length == 2 ? new OnnxTensor(layer.Forward(value.Plain()), value.Dims)
            : OnnxCall.OfImages(layer.Forward(call.Images(0)), call.IsSequence(0));
    }

    private static OnnxTensor LayerNormalization(OnnxCall call)
    {
        OnnxValue value = call[0];
        int rank = value.Dims.Length, first = OnnxAxes.Axis(call.Node.Integer("axis", -1), rank);
        Tensor y = LayerNorm.Standardized(
            value.Plain(), [.. Enumerable.Range(first, rank - first)], call.Node.Number("epsilon", 1e-5)) * call[1].Plain();
        return new OnnxTensor(call.Optional(2) is { } bias ? y + bias.Plain() : y, value.Dims);
    }

    private static OnnxTensor RootMeanSquare(OnnxCall call)
    {
        OnnxValue value = call[0];
        int rank = value.Dims.Length, first = OnnxAxes.Axis(call.Node.Integer("axis", -1), rank);
        Tensor y = RmsNorm.Scaled(
            value.Plain(), [.. Enumerable.Range(first, rank - first)], call.Node.Number("epsilon", 1e-5));
        return new OnnxTensor(y * call[1].Plain(), value.Dims);
    }

    private static OnnxTensor InstanceNormalization(OnnxCall call) => OnnxCall.OfImages(
        (LayerNorm.Standardized(call.Images(0), [1, 2], call.Node.Number("epsilon", 1e-5)) * call[1].Plain()) + call[2].Plain(),
        call.IsSequence(0));

    private static OnnxTensor GroupNormalization(OnnxCall call)
    {
        Tensor images = call.Images(0);
        Shape shape = images.Shape;
        int groups = call.Node.Integer("num_groups", 1);
        Tensor grouped = images.Reshape(shape[0], shape[1] * shape[2], groups, shape[3] / Math.Max(1, groups));
        Tensor y = LayerNorm.Standardized(grouped, [1, 3], call.Node.Number("epsilon", 1e-5));

        // Weights are for each group in the first version of the operator, for each channel from ONNX 21 on.
        bool ofGroups = call[1].Dims[0] == groups && groups != shape[3];
        Shape weights = ofGroups ? new Shape(groups, 1) : new Shape(groups, shape[3] / groups);
        y = (y * call[1].Plain().Reshape(weights)) + call[2].Plain().Reshape(weights);
        return OnnxCall.OfImages(y.Reshape(shape), call.IsSequence(0));
    }
}
