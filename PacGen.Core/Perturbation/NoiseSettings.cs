using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// The scalars of one draw of noise of given levels for all parameters: plain floats and words, passed to kernels by value.
/// </summary>
public struct NoiseSettings
{
    /// <summary>The level σ of all parameters, or what each parameter's own is multiplied by.</summary>
    public float Sigma;

    /// <summary>γ of κ = γ|w| + ε, Definition 4.</summary>
    public float Gamma;

    /// <summary>ε of κ; +∞ for no limit.</summary>
    public float Epsilon;

    /// <summary>The random numbers.</summary>
    public PhiloxDraw Draw;

    /// <summary>Settings of noise within κ_{γ,ε}(w).</summary>
    /// <param name="sigma">σ, or what each parameter's own σ is multiplied by.</param>
    /// <param name="neighborhood">γ and ε; null for no limit, κ = +∞.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">The random stream.</param>
    /// <param name="step">The random step.</param>
    /// <exception cref="ArgumentOutOfRangeException">σ is negative or NaN.</exception>
    public static NoiseSettings Within(double sigma, Neighborhood? neighborhood, ulong seed, uint stream, uint step) => new()
    {
        Sigma = sigma >= 0 ? (float)sigma : throw new ArgumentOutOfRangeException(nameof(sigma), sigma, "σ must be at least 0."),
        Gamma = (float)(neighborhood?.Gamma ?? 0),
        Epsilon = (float)(neighborhood?.Epsilon ?? double.PositiveInfinity),
        Draw = new PhiloxDraw(seed, stream, step),
    };

    /// <summary>Settings of noise without a limit: κ = +∞.</summary>
    /// <param name="sigma">σ, or what each parameter's own σ is multiplied by.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">The random stream.</param>
    /// <param name="step">The random step.</param>
    /// <exception cref="ArgumentOutOfRangeException">σ is negative or NaN.</exception>
    public static NoiseSettings Unlimited(double sigma, ulong seed, uint stream, uint step) =>
        Within(sigma, null, seed, stream, step);
}
