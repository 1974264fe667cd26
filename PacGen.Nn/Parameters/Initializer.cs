using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// How the first values of a parameter are drawn. For weights of shape (…, in, out): fan-in is the product of all extents but the
/// last.
/// </summary>
public sealed class Initializer
{
    private readonly Func<Shape, (bool Gaussian, double Scale, double Offset)> law;
    private readonly float[]? stored;
    private readonly string name;

    private Initializer(string name, Func<Shape, (bool, double, double)> law, float[]? stored = null)
    {
        this.name = name;
        this.law = law;
        this.stored = stored;
    }

    /// <summary>All zero.</summary>
    public static Initializer Zeros { get; } = Constant(0);

    /// <summary>All one.</summary>
    public static Initializer Ones { get; } = Constant(1);

    /// <summary>
    /// PyTorch's default for linear and convolution weights: U(−1/√fan-in, 1/√fan-in), which is Kaiming uniform with a = √5.
    /// </summary>
    public static Initializer PyTorchDefault { get; } = new("PyTorch default", shape => (false, 1 / Math.Sqrt(FanIn(shape)), 0));

    /// <summary>Kaiming (He) uniform for ReLU: U(−√(6/fan-in), √(6/fan-in)).</summary>
    public static Initializer KaimingUniform { get; } =
        new("Kaiming uniform", shape => (false, Math.Sqrt(6.0 / FanIn(shape)), 0));

    /// <summary>Kaiming (He) normal for ReLU: N(0, 2/fan-in).</summary>
    public static Initializer KaimingNormal { get; } = new("Kaiming normal", shape => (true, Math.Sqrt(2.0 / FanIn(shape)), 0));

    /// <summary>All the same value.</summary>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not finite in single precision.</exception>
    public static Initializer Constant(double value) =>
        new($"constant {Finite(value, "The first value of a parameter")}", _ => (false, 0, value));

    /// <summary>U(−bound, bound); with bound = 1/√fan-in of the weights this is PyTorch's default for a bias.</summary>
    /// <param name="bound">The bound, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not finite in single precision.</exception>
    public static Initializer Uniform(double bound) =>
        new($"uniform ±{Finite(bound, "The bound of a parameter's first values")}", _ => (false, bound, 0));

    /// <summary>N(0, deviation²).</summary>
    /// <param name="deviation">The standard deviation, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not finite in single precision.</exception>
    public static Initializer Normal(double deviation) =>
        new($"normal {Finite(deviation, "The deviation of a parameter's first values")}", _ => (true, deviation, 0));

    /// <summary>Xavier (Glorot) uniform: U(−a, a), a = gain·√(6/(fan-in + fan-out)).</summary>
    /// <param name="gain">What the bound is multiplied by: 1, or what suits the activation behind.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not finite in single precision.</exception>
    public static Initializer XavierUniform(double gain = 1) =>
        new($"Xavier uniform{Gain(gain)}", shape => (false, gain * Math.Sqrt(6.0 / (FanIn(shape) + FanOut(shape))), 0));

    /// <summary>Xavier (Glorot) normal: N(0, gain²·2/(fan-in + fan-out)).</summary>
    /// <param name="gain">What the deviation is multiplied by.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not finite in single precision.</exception>
    public static Initializer XavierNormal(double gain = 1) =>
        new($"Xavier normal{Gain(gain)}", shape => (true, gain * Math.Sqrt(2.0 / (FanIn(shape) + FanOut(shape))), 0));

    /// <summary>Values that are known, such as those of a file; no seed changes them.</summary>
    /// <param name="values">As many as the parameter has elements, in row-major order.</param>
    public static Initializer Values(ReadOnlySpan<float> values) => new("stored values", _ => (false, 0, 0), values.ToArray());

    /// <summary>Whether the values come from elsewhere, and no seed decides them.</summary>
    internal bool IsStored => stored is not null;

    /// <summary>Draws the values of a parameter; stream and seed decide them.</summary>
    /// <param name="shape">The parameter's shape, which says its fan-in.</param>
    /// <param name="values">Where they go.</param>
    /// <param name="random">The stream.</param>
    /// <exception cref="ArgumentException">These are stored values of another number.</exception>
    public void Fill(Shape shape, Span<float> values, ref RandomStream random)
    {
        if (stored is not null)
        {
            if (stored.Length != values.Length)
            {
                throw new ArgumentException(
                    $"A parameter of shape {shape} has {values.Length} elements, and {stored.Length} values are stored for it.",
                    nameof(values));
            }

            stored.CopyTo(values);
            return;
        }

        (bool gaussian, double scale, double offset) = law(shape);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = scale == 0 ? (float)offset
                : (float)(offset + (scale * (gaussian ? random.NextGaussian() : (2 * random.NextUniform()) - 1)));
        }
    }

    /// <inheritdoc/>
    public override string ToString() => name;

    private static double Finite(double value, string what) => float.IsFinite((float)value)
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, $"{what} must be finite in single precision.");

    private static string Gain(double gain) => Finite(gain, "The gain") == 1 ? "" : $" with gain {gain}";

    private static long FanIn(Shape shape) => shape.Rank < 2 ? shape.Count : shape.Count / shape[-1];

    // As PyTorch counts it: receptive field times output channels.
    private static long FanOut(Shape shape) => shape.Rank < 2 ? shape.Count : shape.Count / shape[-2];
}
