using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// The (C_ε, A)-sharpness (2) of L̂ at a network's weights x (Keskar et al. 2016): 100·(max_{z ∈ C_ε} L̂(x + Az) − L̂(x)) / (1 +
/// L̂(x)), C_ε the box |zᵢ| ≤ ε(|(A⁺x)ᵢ| + 1). The maximum is searched by projected ascent along the gradient's signs from
/// several starts: what is reported is the largest loss that was found, a lower bound of the maximum, with how it was found. The
/// value is in percent, as the paper has it.
/// </summary>
public sealed record KeskarSharpness : Measurement
{
    /// <summary>L̂(x).</summary>
    public required double Loss { get; init; }

    /// <summary>The largest L̂(x + Az) found.</summary>
    public required double LargestLoss { get; init; }

    /// <summary>The starts, each with what it came to.</summary>
    public required IReadOnlyList<AscentStart> Starts { get; init; }

    /// <summary>The start that found the largest loss.</summary>
    public AscentStart Best => Starts.MaxBy(start => start.Loss)!;

    /// <summary>
    /// Whether all starts ended with nearly the same loss, as <see cref="KeskarOptions.Agreement"/> says: a sign, no proof, that
    /// it is the maximum.
    /// </summary>
    public required bool StartsAgree { get; init; }

    /// <summary>p, the dimension that was searched: m for the full space.</summary>
    public required int Dimension { get; init; }

    /// <summary>How it was searched.</summary>
    public required KeskarOptions Options { get; init; }

    /// <summary>The value, what found it, and that it is a lower bound.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"sharpness (2) ≥ {Value:G5} %: ε = {Options.Epsilon}, " +
            $"{(Options.Directions == 0 ? "full space" : $"random subspace of {Dimension} dimensions")}, largest " +
            $"loss found {LargestLoss:G6} from start {Best.Name} after {Best.Iterations} gradients, at the weights {Loss:G6}; " +
            $"{Starts.Count} starts {(StartsAgree ? "agree" : "disagree")}; a lower bound of the maximum");
}
