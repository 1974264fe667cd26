namespace PacGen.Core.Lanes;

/// <summary>
/// One or several real numbers that move together: <c>float</c> on a GPU thread, a vector of floats in a CPU loop,
/// <c>double</c> in the reference. A formula written once over lanes runs on all of them and, in the float lanes,
/// gives the same bits on all of them: every operation here is correctly rounded or a fixed sequence of such.
/// </summary>
/// <typeparam name="T">The lane itself.</typeparam>
/// <remarks>
/// A mask is a lane too: what the comparisons return and <see cref="Select"/>, <see cref="And"/> take.
/// Its bits are the lane's own business and differ between lanes; never store or compute with one.
/// </remarks>
public interface ILane<T>
    where T : struct, ILane<T>
{
    /// <summary>How many numbers the lane holds.</summary>
    static abstract int Count { get; }

    /// <summary>The same number in every place.</summary>
    static abstract T Constant(float value);

    /// <summary>a + b.</summary>
    static abstract T operator +(T a, T b);

    /// <summary>a − b.</summary>
    static abstract T operator -(T a, T b);

    /// <summary>a · b, rounded: never contracted into a fused multiply-add.</summary>
    static abstract T operator *(T a, T b);

    /// <summary>a / b, correctly rounded.</summary>
    static abstract T operator /(T a, T b);

    /// <summary>−a.</summary>
    static abstract T operator -(T a);

    /// <summary>a · b + c with one rounding.</summary>
    static abstract T Fma(T a, T b, T c);

    /// <summary>a &lt; b ? a : b. Where either is NaN the answer is b.</summary>
    static abstract T Min(T a, T b);

    /// <summary>a &gt; b ? a : b. Where either is NaN the answer is b.</summary>
    static abstract T Max(T a, T b);

    /// <summary>|a|.</summary>
    static abstract T Abs(T a);

    /// <summary>√a, correctly rounded.</summary>
    static abstract T Sqrt(T a);

    /// <summary>The nearest integer, ties to even; for |a| &lt; 2²².</summary>
    static abstract T Round(T a);

    /// <summary>
    /// The nearest number of bfloat16, 8 significant bits with single precision's exponents, ties to even.
    /// </summary>
    static abstract T RoundToBFloat16(T a);

    /// <summary>The mask of a &lt; b.</summary>
    static abstract T Less(T a, T b);

    /// <summary>The mask of a ≤ b.</summary>
    static abstract T LessOrEqual(T a, T b);

    /// <summary>The mask of a = b.</summary>
    static abstract T Equal(T a, T b);

    /// <summary>Where both masks hold.</summary>
    static abstract T And(T maskA, T maskB);

    /// <summary>mask ? whenTrue : whenFalse, place by place.</summary>
    static abstract T Select(T mask, T whenTrue, T whenFalse);

    /// <summary>a · 2ⁿ for an integer-valued n in [−126, 127].</summary>
    static abstract T Scale(T a, T n);

    /// <summary>Whether a mask holds anywhere: what only those places need can be left out where there are none.</summary>
    static abstract bool Any(T mask);

    /// <summary>m of a = m·2ⁿ, m in [⅔, 4/3), for a normal positive a.</summary>
    /// <param name="a">a.</param>
    /// <param name="exponent">n.</param>
    static abstract T Split(T a, out T exponent);

    /// <summary>eᵃ; see <see cref="Elementary.Exp{T}"/> for the float lanes' error.</summary>
    static abstract T Exp(T a);

    /// <summary>ln a; see <see cref="Elementary.Log{T}"/> for the float lanes' error.</summary>
    static abstract T Log(T a);

    /// <summary>
    /// ln a for a normal positive a, for +∞ and for a NaN; see <see cref="Elementary.LogOfPositive{T}"/> for the float lanes'
    /// error.
    /// </summary>
    static abstract T LogOfPositive(T a);

    /// <summary>tanh a; see <see cref="Elementary.Tanh{T}"/> for the float lanes' error.</summary>
    static abstract T Tanh(T a);

    /// <summary>1/(1 + e⁻ᵃ); see <see cref="Elementary.Sigmoid{T}"/> for the float lanes' error.</summary>
    static abstract T Sigmoid(T a);

    /// <summary>
    /// erf a and its complement for a ≥ 0; see <see cref="GaussianIntegral.Erf{T}"/> for the float lanes' error.
    /// </summary>
    static abstract T Erf(T a, out T complement);

    /// <summary>
    /// erf⁻¹ p for 0 ≤ p &lt; 1, 1 − p given too; see <see cref="GaussianIntegral.InverseErf{T}"/> for the float lanes' error.
    /// </summary>
    static abstract T InverseErf(T p, T complement);

    /// <summary>
    /// erf⁻¹(a·erf c)/(ac) for a of [0, 1] and c of [0, ¾]; see <see cref="GaussianIntegral.QuantileRatio{T}"/> for the float
    /// lanes' error.
    /// </summary>
    static abstract T QuantileRatio(T a, T c);
}

/// <summary>A lane with its unsigned twin: as many 32-bit words, for random numbers and for the bits of floats.</summary>
/// <typeparam name="T">The lane itself.</typeparam>
/// <typeparam name="TWords">Its unsigned twin.</typeparam>
public interface ILane<T, TWords> : ILane<T>
    where T : struct, ILane<T, TWords>
    where TWords : struct, IWords<TWords>
{
    /// <summary>The value of each word as a number; for words below 2²⁴, which convert exactly.</summary>
    static abstract T FromWords(TWords words);

    /// <summary>The value of each word as a number, rounded to the nearest.</summary>
    static abstract T FromAnyWords(TWords words);
}
