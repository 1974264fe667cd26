using PacGen.Core.Lanes;

namespace PacGen.Nn;

/// <summary>How the sharpness (2) of <see cref="KeskarAscent"/> is maximised.</summary>
public sealed record KeskarOptions
{
    private static readonly Requirement Require = Requirements.Of("Sharpness (2)");

    /// <summary>ε of C_ε; Keskar et al. take 10⁻³ and 5·10⁻⁴.</summary>
    public double Epsilon { get; init; } = 1e-3;

    /// <summary>
    /// p, the columns of a random A: Gaussian vectors of length 1. 0 for the full space, A = I; Keskar et al. take 100.
    /// </summary>
    public int Directions { get; init; }

    /// <summary>Starts at points drawn uniformly from the box C_ε, beside the one at z = 0.</summary>
    public int RandomStarts { get; init; } = 2;

    /// <summary>Starts at corners of the box drawn with equal chances.</summary>
    public int CornerStarts { get; init; } = 2;

    /// <summary>The most gradients that one start may take.</summary>
    public int Iterations { get; init; } = 40;

    /// <summary>A start ends when its step, in half widths of the box, has been halved below this.</summary>
    public double SmallestStep { get; init; } = 1e-2;

    /// <summary>Starts agree where their maxima are this share of the best one's rise apart, or less.</summary>
    public double Agreement { get; init; } = 0.02;

    /// <summary>Decides A and the starts.</summary>
    public ulong Seed { get; init; } = 1;

    internal void Validate(int parameters)
    {
        Require(SinglePrecision.IsPositive(
            Epsilon), $"ε is {Epsilon}, but must be positive and finite{SinglePrecision.Lost(Epsilon)}");
        Require(
            Directions >= 0 && Directions <= Math.Min(parameters, RandomSubspace.MostDirections),
            $"the number of directions is {Directions}, but must be from 0 (the full space) to " +
                $"{Math.Min(parameters, RandomSubspace.MostDirections)}");
        Require(RandomStarts >= 0 && CornerStarts >= 0, "a number of starts is negative");
        Require(Iterations >= 1, $"the number of iterations is {Iterations}, but must be at least 1");
        Require(SmallestStep is > 0 and < 1, $"the smallest step is {SmallestStep}, but must be in (0, 1)");
        Require(Agreement >= 0, $"the agreement is {Agreement}, but must not be negative");
    }
}
