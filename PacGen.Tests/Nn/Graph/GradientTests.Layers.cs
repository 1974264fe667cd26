using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <content>The operations that layers are made of, and the functions that are composed.</content>
internal sealed partial class GradientTests
{
    private static readonly Dictionary<string, (Shape[] Shapes, Func<Tensor[], Tensor> Build)> LayerCases = new()
    {
        ["permute"] = ([new(2, 3, 4)], x => x[0].Permute(2, 0, 1).Square() * Ramp(4, 2, 3)),
        ["permute five axes"] = ([new(2, 3, 1, 2, 5)], x => x[0].Permute(4, 1, 0, -2, 2).Square() * Ramp(5, 3, 2, 2, 1)),
        ["swap axes"] = ([new(2, 5, 3)], x => x[0].SwapAxes(0, -1).Square() * Ramp(3, 5, 2)),
        ["slice"] = ([new(7, 5)], x => x[0].Slice(0, 1, 6).Square() * Ramp(5, 5)),
        ["slice in steps"] = ([new(2, 9, 3)], x => x[0].Slice(1, 1, -1, 3).Square() * Ramp(2, 3, 3)),
        ["flip"] = ([new(5, 3)], x => x[0].Flip(0).Square() * Ramp(5, 3)),
        ["pad"] = ([new(3, 4)], x => x[0].Pad(1, 2, 1).Pad(0, -1, 3).Square() * Ramp(5, 7)),
        ["pad with a value"] = ([new(3, 4)], x => x[0].Pad(1, 2, 1, -1.5f).Square() * Ramp(3, 7)),
        ["spread"] = ([new(4, 3)], x => x[0].Spread(0, 3).Square() * Ramp(10, 3)),
        ["concatenate"] = ([new(3, 2), new(3, 5), new(3, 1)], x => Tensor.Concatenate(1, x).Square() * Ramp(3, 8)),
        ["concatenate twice the same"] = ([new(2, 3)], x => Tensor.Concatenate(0, x[0], x[0].Square()).Square() * Ramp(4, 3)),
        ["stack"] = ([new(3, 2), new(3, 2)], x => Tensor.Stack(-1, x).Square() * Ramp(3, 2, 2)),
        ["split"] = ([new(3, 6)], x => x[0].Split(1, 3).Aggregate((a, b) => (a * b) + a)),
        ["cumulative sum"] = ([new(2, 5, 3)], x => x[0].CumulativeSum(1).Square()),
        ["batch matmul"] = ([new(3, 4, 5), new(3, 5, 2)], x => Tensor.MatMul(x[0], x[1]).Square()),
        ["batch matmul Aᵀ"] = ([new(2, 5, 4), new(2, 5, 3)],
            x => Tensor.Apply(new BatchMatMul(true, false), x[0], x[1]).Square()),
        ["batch matmul Bᵀ"] = ([new(2, 4, 5), new(2, 3, 5)],
            x => Tensor.Apply(new BatchMatMul(false, true), x[0], x[1]).Square()),
        ["batch matmul AᵀBᵀ"] = ([new(2, 5, 4), new(2, 3, 5)],
            x => Tensor.Apply(new BatchMatMul(true, true), x[0], x[1]).Square()),
        ["matmul stretched"] = ([new(2, 1, 3, 4), new(3, 4, 2)], x => Tensor.MatMul(x[0], x[1]).Square()),
        ["matmul by one matrix"] = ([new(2, 3, 4), new(4, 2)], x => Tensor.MatMul(x[0], x[1]).Square()),
        ["where"] = ([new(4, 5), new(4, 5), new(5)], x => Tensor.Where(Tensor.Less(x[0], 0.2f), x[1], x[2].Square()) * x[1]),
        ["minimum"] = ([new(5, 3), new(5, 3)], x => Tensor.Minimum(x[0], x[1]).Square()),
        ["clamp"] = ([new(61)], x => x[0].Clamp(-0.7f, 0.9f).Square()),
        ["power 3"] = ([new(31)], x => x[0].Pow(3)),
        ["power −2"] = ([new(31)], x => (x[0].Square() + 1f).Pow(-2)),
        ["power 1.7"] = ([new(31)], x => (x[0].Square() + 0.5f).Pow(1.7)),
        ["power of two tensors"] = ([new(4, 5), new(5)], x => Tensor.Pow(x[0].Square() + 0.5f, x[1])),
        ["erf"] = ([new(61)], x => x[0].Erf()),
        ["normal distribution"] = ([new(61)], x => Tensor.Map<NormalDistributionFunction>(x[0] * 2f)),
        ["GELU"] = ([new(61)], x => (x[0] * 2f).Gelu()),
        ["GELU by tanh"] = ([new(61)], x => (x[0] * 2f).Gelu(true)),
        ["SiLU"] = ([new(61)], x => x[0].Silu()),
        ["leaky ReLU"] = ([new(61)], x => x[0].LeakyRelu(0.1f) * x[0]),
        ["PReLU"] = ([new(7, 5), new(5)], x => x[0].LeakyRelu(x[1]).Square()),
        ["ELU"] = ([new(61)], x => x[0].Elu(1.3)),
        ["softplus"] = ([new(61)], x => x[0].Softplus()),
        ["softplus, β = 2"] = ([new(61)], x => x[0].Softplus(2)),
        ["hardswish"] = ([new(61)], x => (x[0] * 3f).Hardswish()),
        ["hardsigmoid"] = ([new(61)], x => (x[0] * 3f).Hardsigmoid().Square()),
        ["softmax of three axes"] = ([new(2, 3, 4)], x => x[0].Softmax().Square()),
        ["softmax over the middle"] = ([new(2, 3, 4)], x => x[0].Softmax(1).Square()),
        ["log softmax over the first"] = ([new(3, 4)], x => x[0].LogSoftmax(0).Square()),
        ["layer norm"] = ([new(3, 7)], x => new LayerNorm(7, elementwiseAffine: false).Forward(x[0]) * Ramp(3, 7)),
        ["layer norm of two axes"] = ([new(3, 2, 4)], x => new LayerNorm(
            new Shape(2, 4), elementwiseAffine: false).Forward(x[0]) * Ramp(3, 2, 4)),
        ["group norm"] = ([new(2, 3, 2, 6)], x => new GroupNorm(3, 6, affine: false).Forward(x[0]) * Ramp(2, 3, 2, 6)),
        ["instance norm"] = ([new(2, 3, 4, 2)], x => new InstanceNorm(2).Forward(x[0]) * Ramp(2, 3, 4, 2)),
        ["RMS norm"] = ([new(3, 7)], x => new RmsNorm(7, elementwiseAffine: false).Forward(x[0]) * Ramp(3, 7)),
        ["convolution dilated"] = ([new(2, 8, 7, 2), new(3, 2, 2, 3)],
            x => Tensor.Conv2d(x[0], x[1], new Conv2dGeometry(2, 1, 1, 2), (2, 3)).Square()),
        ["convolution in groups"] = ([new(2, 5, 4, 6), new(3, 3, 2, 9)],
            x => Tensor.Conv2d(x[0], x[1], new Conv2dGeometry(1, 1), groups: 3).Square()),
        ["transposed convolution"] = ([new(2, 3, 4, 3), new(3, 2, 2, 3)],
            x => Tensor.ConvTranspose2d(x[0], x[1], new Conv2dGeometry(2, 3, 1, 0), (1, 2)).Square()),
        ["transposed convolution in groups"] = ([new(1, 4, 3, 4), new(3, 3, 3, 4)],
            x => Tensor.ConvTranspose2d(x[0], x[1], new Conv2dGeometry(2, 1), groups: 2).Square()),
        ["depthwise"] = ([new(2, 5, 6, 3), new(3, 3, 1, 3)],
            x => Tensor.Conv2d(x[0], x[1], new Conv2dGeometry(1, 1), groups: 3).Square()),
        ["depthwise strided, dilated, twice as many"] = ([new(1, 9, 8, 2), new(3, 2, 1, 4)],
            x => Tensor.Conv2d(x[0], x[1], new Conv2dGeometry(2, 3, 1, 0), (2, 1), 2).Square()),
        ["depthwise with more padding than taps"] = ([new(1, 3, 4, 2), new(2, 2, 1, 2)],
            x => Tensor.Conv2d(x[0], x[1], new Conv2dGeometry(1, 2), groups: 2).Square()),
        ["gather rows"] = ([new(6, 3)], x => x[0].GatherRows(Labels(11, 6)).Square() * Ramp(11, 3)),
        ["adaptive pool"] = ([new(2, 5, 7, 2)], x => x[0].AdaptiveAvgPool2d(3, 4).Square() * Ramp(2, 3, 4, 2)),
        ["label smoothing, class weights"] = ([new(5, 7)],
            x => Loss.CrossEntropy(x[0], Labels(5, 7), 0.2, Ramp(7))),
        ["soft cross-entropy"] = ([new(5, 7), new(5, 7)], x => Loss.SoftCrossEntropy(x[0], x[1].Softmax(), Ramp(7))),
        ["binary cross-entropy"] = ([new(5, 7), new(5, 7)], x => Loss.BinaryCrossEntropy(x[0], x[1].Sigmoid(), Ramp(7))),
        ["mean absolute error"] = ([new(5, 7), new(5, 7)], x => Loss.MeanAbsoluteError(x[0], x[1].Square())),
        ["Huber"] = ([new(5, 7), new(5, 7)], x => Loss.Huber(x[0] * 2f, x[1], 0.7)),
        ["Kullback-Leibler"] = ([new(5, 7), new(5, 7)], x => Loss.KullbackLeibler(x[0].LogSoftmax(), x[1].Softmax())),
    };

    /// <summary>Weights that differ, so that an element in a wrong place is seen.</summary>
    private static Tensor Ramp(params int[] extents)
    {
        Shape shape = new(extents);
        return Tensor.Constant(shape, [.. Enumerable.Range(0, (int)shape.Count).Select(i => 0.25f + (i % 13 * 0.125f))]);
    }
}
