using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PacGen.Nn;

/// <summary>A stage of a <see cref="ProgressiveCertificate"/>: a network, and the images that it was tested on before any later
/// network learnt from them.</summary>
/// <param name="TrainedOn">How many images its weights were trained on: the first in the order of the split.</param>
/// <param name="Images">How many images it was tested on, the next.</param>
/// <param name="Errors">How many of them it got wrong.</param>
/// <param name="CrossEntropy">Its mean bounded cross-entropy on them.</param>
/// <param name="TestError">Its 0-1 loss on the test set, which no bound looks at.</param>
/// <param name="TestCrossEntropy">Its bounded cross-entropy on the test set.</param>
public sealed record ProgressiveStage(
    int TrainedOn, int Images, int Errors, double CrossEntropy, double TestError, double TestCrossEntropy)
{
    /// <summary>Its weights, in the arena's order.</summary>
    public required IReadOnlyList<float> Weights { get; init; }

    /// <summary>Its running statistics, in the arena's order; empty for a model without.</summary>
    public required IReadOnlyList<float> State { get; init; }

    /// <summary>The steps of training that its weights took.</summary>
    public required long Steps { get; init; }

    /// <summary>The errors of its network on its own part of S₁ and on each later one, none of which it has seen.</summary>
    public required IReadOnlyList<int> ErrorsByPart { get; init; }

    /// <summary>The mean bounded cross-entropy of its network on the same parts.</summary>
    public required IReadOnlyList<double> CrossEntropyByPart { get; init; }

    /// <summary>
    /// π_t over the networks of this stage and those before, in their order: fixed before this stage's images were looked at.
    /// </summary>
    public required IReadOnlyList<double> Prior { get; init; }

    /// <summary>ρ_t over the same networks, by their errors on this stage's images.</summary>
    public required IReadOnlyList<double> Posterior { get; init; }

    /// <summary>KL(ρ_t‖π_t).</summary>
    public required double Kl { get; init; }

    /// <summary>With which probability the certified classifier answers by this stage's network.</summary>
    public required double Share { get; init; }

    /// <summary>
    /// SHA-256 of its weights and then its running statistics, as single-precision numbers in little-endian order, in hexadecimal
    /// digits: of the arrays of the file that <see cref="CertifiedMixture.Save"/> writes.
    /// </summary>
    public string Hash => HashOf(Weights, State);

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"trained on {TrainedOn:N0}, {Errors:N0} errors on the next {Images:N0}; test error " +
        $"{TestError:F4}");

    internal static string HashOf(IReadOnlyList<float> weights, IReadOnlyList<float> state)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (IReadOnlyList<float> values in (IReadOnlyList<float>[])[weights, state])
        {
            hash.AppendData(MemoryMarshal.AsBytes(values.ToArray().AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
