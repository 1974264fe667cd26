namespace PacGen.Nn;

/// <summary>How <see cref="AdaptiveAscent"/> searches.</summary>
public sealed record AdaptiveSharpnessOptions
{
    /// <summary>ρ: how far ε may go, ‖ε/t‖₂ ≤ ρ.</summary>
    public double Rho { get; init; } = 0.5;

    /// <summary>η of t = |w| + η.</summary>
    public double Eta { get; init; } = 0.01;

    /// <summary>How many gradients; 1 is the step that ASAM takes.</summary>
    public int Iterations { get; init; } = 10;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Rho);
        ArgumentOutOfRangeException.ThrowIfNegative(Eta);
        ArgumentOutOfRangeException.ThrowIfLessThan(Iterations, 1);
    }
}
