using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Optimization;

/// <summary>
/// Improved variational online Newton (IVON; Shen and others, <see href="https://arxiv.org/abs/2402.17641">arXiv
/// 2402.17641</see>, Algorithm 1), for the mean w and the Hessian estimate h of a posterior N(w, 1/(λ(h + δ))), of which h + δ
/// is kept. With ĝ the gradient at a sample θ, ĥ = ĝ(θ − w)·λ(h + δ):
/// m ← β₁m + (1−β₁)ĝ, h ← β₂h + (1−β₂)ĥ + ½(1−β₂)²(h − ĥ)²/(h + δ), w ← w − α(m/(1−β₁ᵗ) + δw)/(h + δ).
/// </summary>
/// <remarks>The last term of h keeps h + δ positive, whatever ĥ is.</remarks>
public readonly struct IvonRule : IUpdateRule
{
    private readonly float rate, oneMinusBeta1, oneMinusBeta2, correction, decay, scale;

    /// <summary>Step t.</summary>
    /// <param name="step">t, counted from 1.</param>
    /// <param name="learningRate">α.</param>
    /// <param name="scale">λ, how many examples the mean loss stands for.</param>
    /// <param name="beta1">β₁.</param>
    /// <param name="beta2">β₂.</param>
    /// <param name="weightDecay">δ.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is below 1.</exception>
    public IvonRule(long step, double learningRate, double scale, double beta1, double beta2, double weightDecay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        rate = (float)learningRate;
        oneMinusBeta1 = (float)(1 - beta1);
        oneMinusBeta2 = (float)(1 - beta2);
        correction = (float)(1 / (1 - Math.Pow(beta1, step)));
        decay = (float)weightDecay;
        this.scale = (float)scale;
    }

    /// <inheritdoc/>
    public static IReadOnlyList<string> StateNames => ["m", "precision", "sample"];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Step<T>(T weight, T gradient, ref States<T> states)
        where T : struct, ILane<T>
    {
        ref T m = ref states.First;
        ref T precision = ref states.Second;
        T delta = T.Constant(decay), c = T.Constant(oneMinusBeta2);
        T estimate = gradient * (states.Third - weight) * (T.Constant(scale) * precision);
        m = T.Fma(T.Constant(oneMinusBeta1), gradient - m, m);

        // h + x + ½x²/(h + δ) with x = (1−β₂)(ĥ − h).
        T x = c * (estimate + (delta - precision));
        precision = T.Fma(x, T.Fma(T.Constant(0.5f) * x, T.Constant(1f) / precision, T.Constant(1f)), precision);
        T direction = T.Fma(delta, weight, m * T.Constant(correction));
        return T.Fma(T.Constant(-rate), direction / precision, weight);
    }
}
