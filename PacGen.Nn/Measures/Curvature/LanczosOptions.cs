namespace PacGen.Nn;

/// <summary>How <see cref="Lanczos"/> iterates.</summary>
public sealed record LanczosOptions
{
    /// <summary>Whose eigenvalues.</summary>
    public CurvatureMatrix Matrix { get; init; }

    /// <summary>The most products; as many vectors of m numbers are kept.</summary>
    public int Products { get; init; } = 60;

    /// <summary>
    /// Ends early once the residual of λ_max is at most this share of |λ_max|, and two more products have moved it by no more,
    /// whatever the spectrum's other end.
    /// </summary>
    public double Tolerance { get; init; } = 1e-3;

    /// <summary>Draws the first vector.</summary>
    public ulong Seed { get; init; } = 1;

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate()
    {
        if (Products < 1)
        {
            throw new ArgumentException($"Lanczos: the number of products is {Products}, but must be at least 1.");
        }

        if (!(Tolerance >= 0))
        {
            throw new ArgumentException($"Lanczos: the tolerance is {Tolerance}, but must not be negative.");
        }
    }
}
