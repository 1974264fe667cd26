namespace PacGen.Core.Perturbation;

/// <summary>The scalars of one draw of noise of given levels for all parameters: plain floats and words, passed to kernels by value.</summary>
public struct NoiseSettings
{
    /// <summary>The level σ of all parameters, or what each parameter's own is multiplied by.</summary>
    public float Sigma;

    /// <summary>γ of κ = γ|w| + ε, Definition 4.</summary>
    public float Gamma;

    /// <summary>ε of κ; +∞ for no limit.</summary>
    public float Epsilon;

    /// <summary>The low 32 bits of the seed.</summary>
    public uint Key0;

    /// <summary>The high 32 bits of the seed.</summary>
    public uint Key1;

    /// <summary>The random stream.</summary>
    public uint Stream;

    /// <summary>The random step.</summary>
    public uint Step;

    /// <summary>Settings of noise within κ_{γ,ε}(w).</summary>
    /// <param name="sigma">σ, or what each parameter's own σ is multiplied by.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="epsilon">ε; +∞ for no limit.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">The random stream.</param>
    /// <param name="step">The random step.</param>
    /// <exception cref="ArgumentOutOfRangeException">σ, γ or ε is negative or NaN.</exception>
    public static NoiseSettings Within(double sigma, double gamma, double epsilon, ulong seed, uint stream, uint step) => new()
    {
        Sigma = NotNegative(sigma, nameof(sigma)),
        Gamma = NotNegative(gamma, nameof(gamma)),
        Epsilon = NotNegative(epsilon, nameof(epsilon)),
        Key0 = (uint)seed,
        Key1 = (uint)(seed >> 32),
        Stream = stream,
        Step = step,
    };

    /// <summary>Settings of noise without a limit: κ = +∞.</summary>
    /// <param name="sigma">σ, or what each parameter's own σ is multiplied by.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">The random stream.</param>
    /// <param name="step">The random step.</param>
    /// <exception cref="ArgumentOutOfRangeException">σ is negative or NaN.</exception>
    public static NoiseSettings Unlimited(double sigma, ulong seed, uint stream, uint step) =>
        Within(sigma, 0, double.PositiveInfinity, seed, stream, step);

    private static float NotNegative(double value, string name) =>
        value >= 0 ? (float)value : throw new ArgumentOutOfRangeException(name, value, "Must be at least 0.");
}
