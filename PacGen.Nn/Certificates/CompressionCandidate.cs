using System.Globalization;

namespace PacGen.Nn;

/// <summary>A compressed network that was tried.</summary>
/// <param name="Numbers">d: how many numbers move the prior's weights.</param>
/// <param name="Levels">K: on how many levels they are.</param>
/// <param name="HasCodebook">Whether the levels are a codebook.</param>
/// <param name="Bits">The message's length.</param>
/// <param name="Errors">The network's errors on S₁.</param>
/// <param name="Bound">What that guarantees of its 0-1 loss.</param>
public sealed record CompressionCandidate(int Numbers, int Levels, bool HasCodebook, long Bits, long Errors, double Bound)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Numbers} numbers on {Levels} {(HasCodebook ? "levels of a codebook" : "even levels")}, {Bits} bits, {Errors} " +
            $"errors: at most {Bound:F4}");
}
