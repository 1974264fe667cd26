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
        if (a.Length < 2 || b.Length < 2)
        {
            throw new CheckpointException("products with vectors are not supported: only those of matrices");
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
        (Tensor images, int[] dims) = call.Images(0);
        OnnxValue weights = call[1];
        if (weights.Dims is not [var outputs, var inputs, var height, var width])
        {
            throw new CheckpointException("its weights should have four axes");
        }

        int groups = call.Node.Integer("group", 1);
        int[] dilations = call.Node.Integers("dilations") ?? [1, 1], strides = call.Node.Integers("strides") ?? [1, 1];
        if (groups != 1 || dilations is not [1, 1])
        {
            throw new CheckpointException($"convolutions with {groups} groups and dilations are not supported yet");
        }

        (int top, int left) = Padding(call.Node, dims, height, width, strides);
        Tensor kernel = weights.Ordered(
            [[outputs], [inputs], [height], [width]], [2, 3, 1, 0], new Shape(height, width, inputs, outputs));
        Tensor y = Tensor.Apply(new Conv2dForward(new Conv2dGeometry(strides[0], strides[1], top, left)), images, kernel);
        return OnnxCall.OfImages(call.Optional(2) is { } bias ? y + bias.Plain() : y);
    }

    /// <summary>The zeros above and left of images, which must be those below and right.</summary>
    private static (int Top, int Left) Padding(OnnxNode node, int[] dims, int height, int width, int[] strides)
    {
        int[] pads = node.Integers("pads") ?? [0, 0, 0, 0];
        string auto = node.Word("auto_pad", "NOTSET");
        if (auto is "SAME_UPPER" or "SAME_LOWER")
        {
            int rows = Needed(dims[2], height, strides[0]), columns = Needed(dims[3], width, strides[1]);
            pads = auto == "SAME_UPPER" ? [rows / 2, columns / 2, (rows + 1) / 2, (columns + 1) / 2]
                : [(rows + 1) / 2, (columns + 1) / 2, rows / 2, columns / 2];
        }
        else if (auto is not ("NOTSET" or "VALID"))
        {
            throw node.Wrong("auto_pad");
        }

        return pads is [var top, var left, var bottom, var right] && top == bottom && left == right && strides.Length == 2
            ? (top, left)
            : throw new CheckpointException(
                $"its padding ({string.Join(", ", pads)}) is not the same on opposite sides, which is not supported");

        static int Needed(int extent, int kernel, int stride) =>
            Math.Max(0, ((((extent + stride - 1) / stride) - 1) * stride) + kernel - extent);
    }

    private static OnnxTensor Pool(OnnxCall call, bool average)
    {
        OnnxNode node = call.Node;
        (Tensor images, int[] dims) = call.Images(0);
        int[] kernel = node.Integers("kernel_shape") ?? [], strides = node.Integers("strides") ?? [1, 1];
        if (kernel.Length != 2 || strides.Length != 2 || node.Integers("dilations") is not (null or [1, 1])
            || node.Integer("storage_order", 0) != 0)
        {
            throw new CheckpointException("only windows of two dimensions without dilation are supported");
        }

        (int top, int left) = Padding(node, dims, kernel[0], kernel[1], strides);
        if (node.Integer("ceil_mode", 0) != 0
            && ((dims[2] + (2 * top) - kernel[0]) % strides[0] != 0 || (dims[3] + (2 * left) - kernel[1]) % strides[1] != 0))
        {
            throw new CheckpointException(
                $"its windows reach beyond images of {dims[2]}×{dims[3]} (ceil_mode), which is not supported");
        }

        PoolGeometry geometry = new(kernel[0], kernel[1], strides[0], strides[1], top, left);
        if (!average)
        {
            return OnnxCall.OfImages(Tensor.Apply(new PoolSelect(geometry), images, images));
        }

        Tensor y = Tensor.Apply(new AveragePool(geometry), images);
        if ((top > 0 || left > 0) && node.Integer("count_include_pad", 0) == 0)
        {
            // Divided by the pixels of the window that are there.
            y /= Tensor.Apply(new AveragePool(geometry), Tensor.Constant(1f).BroadcastTo(new Shape(1, dims[2], dims[3], 1)));
        }

        return OnnxCall.OfImages(y);
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
            Shape channels = new(weight.Source.Dims);
            _ = (call[1].Plain(), call[2].Plain());

            // ONNX counts the share of what was there before, PyTorch that of the batch.
            return new BatchNorm(
                weight.Parameter!, bias.Parameter!, mean.TakeState(), variance.TakeState(), call.Node.Number("epsilon", 1e-5),
                Math.Round(1 - call.Node.Number("momentum", 0.9), 6));
        });
        if (value.Dims.Length == 2)
        {
            return new OnnxTensor(layer.Forward(value.Plain()), value.Dims);
        }

        return OnnxCall.OfImages(layer.Forward(call.Images(0).Images));
    }
}
