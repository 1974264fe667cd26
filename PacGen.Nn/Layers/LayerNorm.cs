using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Layer normalisation over the last axes, as PyTorch's LayerNorm: y = (x − mean)/√(variance + ε)·weight + bias, mean and
/// (biased) variance those of each example's last axes.
/// </summary>
public sealed class LayerNorm : Module
{
    private readonly Parameter? weight;
    private readonly Parameter? bias;
    private readonly Shape normalized;
    private readonly double epsilon;

    /// <summary>A layer normalisation: weight 1 and bias 0 at first.</summary>
    /// <param name="normalizedShape">The extent of the last axis, over which is normalised.</param>
    /// <param name="eps">ε, added to the variance.</param>
    /// <param name="elementwiseAffine">Whether weight and bias are trained; else there are none.</param>
    /// <exception cref="ArgumentOutOfRangeException">ε is not positive in single precision.</exception>
    public LayerNorm(int normalizedShape, double eps = 1e-5, bool elementwiseAffine = true)
        : this(new Shape(normalizedShape), eps, elementwiseAffine)
    {
    }

    /// <summary>A layer normalisation over several last axes.</summary>
    /// <param name="normalizedShape">Their extents.</param>
    /// <param name="eps">ε, added to the variance.</param>
    /// <param name="elementwiseAffine">Whether weight and bias, of these extents, are trained; else there are none.</param>
    /// <param name="bias">Whether a bias comes with the weight.</param>
    /// <exception cref="ArgumentOutOfRangeException">ε is not positive in single precision.</exception>
    public LayerNorm(Shape normalizedShape, double eps = 1e-5, bool elementwiseAffine = true, bool bias = true)
    {
        normalized = normalizedShape;
        epsilon = SinglePrecision.Positive(eps, "ε of LayerNorm");
        weight = elementwiseAffine
            ? new Parameter(normalizedShape, Initializer.Ones) { PyTorchAxes = Parameter.SameAxes(normalizedShape) } : null;
        this.bias = elementwiseAffine && bias
            ? new Parameter(normalizedShape, Initializer.Zeros) { PyTorchAxes = Parameter.SameAxes(normalizedShape) } : null;
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The last axes of x are not those that are normalised.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        int rank = x.Shape.Rank, last = normalized.Rank;
        if (rank < last || !x.Shape.AsSpan()[(rank - last)..].SequenceEqual(normalized.AsSpan()))
        {
            throw new ShapeException(
                $"LayerNorm: the last axes {normalized} are normalised, but the input has shape {x.Shape}.");
        }

        Tensor y = Standardized(x, [.. Enumerable.Range(rank - last, last)], epsilon);
        y = weight is null ? y : y * weight;
        return bias is null ? y : y + bias;
    }

    /// <summary>x less its mean along some axes, divided by √(variance + ε), the variance about that mean.</summary>
    internal static Tensor Standardized(Tensor x, int[] axes, double epsilon)
    {
        Tensor mean = x.Mean(axes, true);
        Tensor variance = x.Variance(mean, axes).Reshape(mean.Shape);
        return (x - mean) / (variance + epsilon).Sqrt();
    }
}
