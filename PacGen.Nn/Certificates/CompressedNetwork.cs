using System.Globalization;
using System.Text.Json.Nodes;
using PacGen.Core.Bounds;
using PacGen.Core.Compression;

namespace PacGen.Nn;

/// <summary>
/// A network that a short message describes, and what the message's length guarantees of it: the prior's weights w₀ moved by d
/// numbers on K levels along d random directions. It is certified as it is, without random weights.
/// </summary>
public sealed record CompressedNetwork
{
    /// <summary>
    /// The certificate of its 0-1 loss by the exact binomial tail (<see cref="CompressionBound.Exact"/>); all of δ + δ′ goes
    /// here.
    /// </summary>
    public required BoundResult Bound { get; init; }

    /// <summary>The certificate of its bounded cross-entropy, with the same probability.</summary>
    public required BoundResult CrossEntropy { get; init; }

    /// <summary>
    /// The exact test of it on the test set, which it was not trained on or chosen by, with the same probability; null where
    /// there is none.
    /// </summary>
    public required BoundResult? Test { get; init; }

    /// <summary>The d numbers.</summary>
    public required QuantizedVector Numbers { get; init; }

    /// <summary>The message that describes them.</summary>
    public required BitMessage Message { get; init; }

    /// <summary>All that were tried, w₀ itself first.</summary>
    public required IReadOnlyList<CompressionCandidate> Candidates { get; init; }

    /// <summary>How samples become its inputs; null for as they are.</summary>
    public required Normalization? Normalization { get; init; }

    /// <summary>Its weights, in the arena's order.</summary>
    public required IReadOnlyList<float> Weights { get; init; }

    /// <summary>Running statistics, in the arena's order: the prior's.</summary>
    public required IReadOnlyList<float> State { get; init; }

    /// <summary>SHA-256 of weights and running statistics, as <see cref="ProgressiveStage.Hash"/>.</summary>
    public string Hash => ProgressiveStage.HashOf(Weights, State);

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"compressed, w₀ and {Numbers} in {Message}: at most {Bound.Value:F4}");

    /// <summary>All numbers but the weights.</summary>
    internal JsonObject ToJson() => new()
    {
        ["zeroOne"] = Certificate.Json(Bound, "quantised weights"),
        ["crossEntropy"] = Certificate.Json(CrossEntropy, "quantised weights"),
        ["test"] = Test is null ? null : Certificate.Json(Test, "quantised weights"),
        ["numbers"] = Numbers.Count,
        ["levels"] = Numbers.Levels.Count,
        ["codebook"] = Numbers.HasCodebook,
        ["bits"] = Message.Length,
        ["message"] = Convert.ToBase64String(Message.Bytes),
        ["numbersHash"] = ProgressiveStage.HashOf(Numbers.ToArray(), []),
        ["hash"] = Hash,
        ["candidates"] = new JsonArray([.. Candidates.Select(one => (JsonNode)new JsonObject
        {
            ["numbers"] = one.Numbers,
            ["levels"] = one.Levels,
            ["codebook"] = one.HasCodebook,
            ["bits"] = one.Bits,
            ["errors"] = one.Errors,
            ["certificate"] = one.Bound,
        })]),
    };
}
