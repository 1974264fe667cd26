using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>
/// Functions of each element. Where one has a kink, its derivative there is PyTorch's; where it has none, derivatives of any
/// order exist, as ρ of Definition 4 asks for.
/// </content>
public sealed partial class Tensor
{
    /// <summary>The smaller of x and y, with broadcasting. Where they are equal, y gets the gradient.</summary>
    /// <param name="x">Of any shape.</param>
    /// <param name="y">Of a shape that broadcasts with x's.</param>
    /// <exception cref="ShapeException">The shapes don't broadcast to one.</exception>
    public static Tensor Minimum(Tensor x, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        return -Maximum(-x, -y);
    }

    /// <summary>x between two bounds: min(max(x, least), most); at a bound itself the gradient flows through.</summary>
    /// <param name="least">The lower bound.</param>
    /// <param name="most">The upper bound.</param>
    public Tensor Clamp(float least = float.NegativeInfinity, float most = float.PositiveInfinity)
    {
        Tensor above = float.IsNegativeInfinity(least) ? this : Maximum(least, this);
        return float.IsPositiveInfinity(most) ? above : Minimum(most, above);
    }

    /// <summary>
    /// x where the mask is not 0, else y, with broadcasting; the other one's value, be it infinite, doesn't count, and nothing
    /// flows back into it. Where x itself has no derivative at numbers that the mask leaves out, such as √z for z below 0, the
    /// gradient by z is NaN all the same (0 times NaN): clamp z before, as in <c>z.Clamp(0, float.MaxValue).Sqrt()</c>.
    /// </summary>
    /// <param name="mask">0 for y.</param>
    /// <param name="x">What is taken where the mask is not 0.</param>
    /// <param name="y">What is taken elsewhere.</param>
    /// <exception cref="ShapeException">The shapes don't broadcast to one.</exception>
    public static Tensor Where(Tensor mask, Tensor x, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return Map<KeepFunction>(mask, x) + Map<KeepFunction>(Map<EqualFunction>(mask, 0f), y);
    }

    /// <summary>1 where x = y, else 0, with broadcasting; its gradient is zero.</summary>
    /// <param name="x">Of any shape.</param>
    /// <param name="y">Of a shape that broadcasts with x's.</param>
    /// <exception cref="ShapeException">The shapes don't broadcast to one.</exception>
    public static Tensor Equal(Tensor x, Tensor y) => Map<EqualFunction>(x, y);

    /// <summary>
    /// xᵖ. Where p is 2, ½, −1 or another small whole number it is made of squares, roots and products; other powers are
    /// exp(p·ln x).
    /// </summary>
    /// <param name="exponent">p.</param>
    public Tensor Pow(double exponent)
    {
        const int LargestProduct = 16;
        return exponent switch
        {
            0 => Constant(1f).BroadcastTo(Shape),
            0.5 => Sqrt(),
            _ when exponent == Math.Round(exponent) && Math.Abs(exponent) <= LargestProduct =>
                exponent < 0 ? Map<ReciprocalFunction>(Power((int)-exponent)) : Power((int)exponent),
            _ => Map<PowFunction>(this, exponent),
        };
    }

    /// <summary>xʸ element by element, with broadcasting; NaN where x is negative and y no integer.</summary>
    /// <param name="x">The bases.</param>
    /// <param name="y">The exponents, of a shape that broadcasts with x's.</param>
    /// <exception cref="ShapeException">The shapes don't broadcast to one.</exception>
    public static Tensor Pow(Tensor x, Tensor y) => Map<PowFunction>(x, y);

    /// <summary>erf x.</summary>
    public Tensor Erf() => Map<ErfFunction>(this);

    /// <summary>
    /// The Gaussian error linear unit x·Φ(x), Φ the standard normal distribution function; or its approximation
    /// ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))). Smooth.
    /// </summary>
    /// <param name="tanh">Whether the approximation is taken.</param>
    public Tensor Gelu(bool tanh = false) => tanh
        ? 0.5f * this * (1f + (Math.Sqrt(2 / Math.PI) * (this + (0.044715 * Power(3)))).Tanh())
        : this * Map<NormalDistributionFunction>(this);

    /// <summary>x/(1 + e⁻ˣ), also called swish. Smooth.</summary>
    public Tensor Silu() => this * Sigmoid();

    /// <summary>x where it is positive, else slope·x.</summary>
    /// <param name="slope">The slope below 0; it may be a parameter.</param>
    public Tensor LeakyRelu(Tensor slope) => Where(Map<StepFunction>(this), this, slope * this);

    /// <summary>x where it is positive, else α(eˣ − 1); its second derivative jumps at 0.</summary>
    /// <param name="alpha">α.</param>
    public Tensor Elu(double alpha = 1) => Where(Map<StepFunction>(this), this, alpha * (Minimum(0f, this).Exp() - 1f));

    /// <summary>ln(1 + e^(βx))/β. Smooth.</summary>
    /// <param name="beta">β, above 0.</param>
    public Tensor Softplus(double beta = 1) => beta == 1 ? Map<SoftplusFunction>(this)
        : Map<SoftplusFunction>(this * beta) * (1 / beta);

    /// <summary>min(max(x/6 + ½, 0), 1).</summary>
    public Tensor Hardsigmoid() => (this + 3f).Clamp(0, 6) * (1.0 / 6);

    /// <summary>x·min(max(x + 3, 0), 6)/6.</summary>
    public Tensor Hardswish() => this * Hardsigmoid();

    private Tensor Power(int exponent)
    {
        Tensor? result = null;
        Tensor factor = this;
        for (int rest = exponent; rest > 0; rest /= 2)
        {
            result = rest % 2 == 0 ? result : result is null ? factor : result * factor;
            factor = rest > 1 ? factor.Square() : factor;
        }

        return result!;
    }
}
