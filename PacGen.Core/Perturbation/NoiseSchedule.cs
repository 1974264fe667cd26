namespace PacGen.Core.Perturbation;

/// <summary>
/// How the perturbations of Algorithm 1 change over the epochs: with d = <see cref="Divisor"/> and s = <see cref="Share"/>,
/// κ = s(γ|w|/d + ε) in line 7 and σ = min(s/(d√(η(h + ρκ))), κ) in line 8. The listing has d = log(1 + epoch) and s = 1.
/// </summary>
public sealed record NoiseSchedule
{
    private NoiseSchedule(bool isConstant) => IsConstant = isConstant;

    /// <summary>The listing's: d = log(1 + epoch).</summary>
    public static NoiseSchedule Logarithmic { get; } = new(false);

    /// <summary>d = 1: κ is that of Definition 4 in every epoch.</summary>
    public static NoiseSchedule Constant { get; } = new(true);

    /// <summary>Whether d is 1.</summary>
    public bool IsConstant { get; }

    /// <summary>The epochs before the first of full size: s = epoch/(1 + WarmUp) in these; 0 in the listing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int WarmUp
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(
            nameof(WarmUp), value, "The noise can't be warmed up for a negative number of epochs.");
    }

    /// <summary>d.</summary>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is below 1: log 1 is 0.</exception>
    public double Divisor(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epoch, 1);
        return IsConstant ? 1 : Math.Log(1d + epoch);
    }

    /// <summary>s.</summary>
    /// <param name="epoch">The epoch, counted from 1.</param>
    public double Share(int epoch) => Math.Min(1, epoch / (1d + WarmUp));

    /// <summary>The γ of line 7, sγ/d.</summary>
    /// <param name="gamma">γ.</param>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is below 1.</exception>
    public double Gamma(double gamma, int epoch) => Share(epoch) * gamma / Divisor(epoch);

    /// <summary>ηd²/s²: line 8's factors under one square root.</summary>
    /// <param name="eta">η, above 0.</param>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is below 1.</exception>
    public double CurvatureScale(double eta, int epoch)
    {
        double divisor = Divisor(epoch), share = Share(epoch);
        return eta * divisor * divisor / (share * share);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"noise {(IsConstant ? "constant" : "over log(1 + epoch)")}{(WarmUp > 0 ? $", warm-up {WarmUp}" : "")}";
}
