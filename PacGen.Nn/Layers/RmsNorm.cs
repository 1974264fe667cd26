using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Division by the root of the mean square over the last axis, PyTorch's RMSNorm: x/√(mean x² + ε)·weight.</summary>
public sealed class RmsNorm : Module
{
    private readonly Parameter? weight;
    private readonly int length;
    private readonly double epsilon;

    /// <summary>The layer: weight 1 at first.</summary>
    /// <param name="normalizedShape">The extent of the last axis.</param>
    /// <param name="eps">ε, added to the mean square; 2⁻²³ without it, as in PyTorch.</param>
    /// <param name="elementwiseAffine">Whether the weight is trained; else there is none.</param>
    /// <exception cref="ArgumentOutOfRangeException">ε is not positive in single precision.</exception>
    public RmsNorm(int normalizedShape, double eps = 1.1920928955078125e-07, bool elementwiseAffine = true)
    {
        length = normalizedShape;
        epsilon = SinglePrecision.Positive(eps, "ε of RmsNorm");
        weight = elementwiseAffine ? new Parameter(new Shape(normalizedShape), Initializer.Ones) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The last axis of x has another length.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank < 1 || x.Shape[-1] != length)
        {
            throw new ShapeException($"RmsNorm: the last axis of {length} is normalised, but the input has shape {x.Shape}.");
        }

        Tensor y = Scaled(x, [-1], epsilon);
        return weight is null ? y : y * weight;
    }

    /// <summary>x divided by √(mean x² + ε) over some axes.</summary>
    internal static Tensor Scaled(Tensor x, int[] axes, double epsilon) =>
        x / (x.Square().Mean(axes, true) + epsilon).Sqrt();
}
