using MathNet.Numerics.LinearAlgebra;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The weights of a linear or a convolution layer as one matrix W, a row for each input and a column for each output; a
/// convolution's kernel (KH, KW, inputs, outputs) is reshaped to (KH·KW·inputs, outputs), the transpose of PyTorch's
/// <c>weight.view(outputs, -1)</c> but for the order of rows. Singular values are the same.
/// </summary>
/// <param name="Name">The parameter's name, such as <c>conv1.weight</c>.</param>
/// <param name="Shape">The parameter's shape: (inputs, outputs), or (KH, KW, inputs, outputs).</param>
/// <param name="Start">Where it begins in the arena.</param>
/// <param name="Input">The shape of what the layer takes, for one image.</param>
/// <param name="Geometry">How a convolution's window moves; null for a linear layer.</param>
public sealed record WeightMatrix(string Name, Shape Shape, int Start, Shape Input, Conv2dGeometry? Geometry)
{
    /// <summary>Whether it is a convolution's kernel.</summary>
    public bool IsConvolution => Geometry is not null;

    /// <summary>The number of weights.</summary>
    public int Count => checked((int)Shape.Count);

    /// <summary>The number of outputs: channels or features.</summary>
    public int Outputs => Shape[-1];

    /// <summary>The number of input channels or features.</summary>
    public int Inputs => Shape[-2];

    /// <summary>W of numbers in the arena's layout, such as w, or w − w₀.</summary>
    /// <param name="numbers">m numbers.</param>
    public Matrix<double> Of(ReadOnlySpan<double> numbers) =>
        Matrix<double>.Build.DenseOfRowMajor(Count / Outputs, Outputs, numbers.Slice(Start, Count).ToArray());
}
