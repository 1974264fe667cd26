using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>What certificates take for granted beside their inequality's assumptions.</summary>
internal static class CertifyAssumptions
{
    /// <summary>The images are a sample.</summary>
    public static Assumption OneDistribution { get; } = new(
        "one distribution",
        "The images of S₁ and those to come are independent draws of one distribution; images that were collected so that " +
            "the classes balance are not quite that.");

    /// <summary>Nothing was tuned on S₁.</summary>
    public static Assumption SettingsBeforeData { get; } = new(
        "settings before data",
        "All settings, seed and network included, were chosen without a look at S₁: a setting tuned on these results voids δ.");

    /// <summary>The generator.</summary>
    public static Assumption RandomNumbers { get; } = new(
        "random numbers", "Philox's numbers are as good as independent uniform ones.");

    /// <summary>Single precision.</summary>
    public static Assumption Rounding { get; } = new(
        "rounding",
        "Single precision in u, w + u and the network changes the losses of no more than a negligible share of the draws.");

    /// <summary>The weights that the prior's training begins with are a file's.</summary>
    public static Assumption FirstWeights { get; } = new(
        "first weights",
        "The weights that the network came with were made without a look at S₁: images that it was trained on, or " +
            "chosen by, are in neither part.");

    /// <summary>The samples' normalisation was not fitted to the prior's part.</summary>
    public static Assumption StatedNormalization { get; } = new(
        "normalisation", "How the samples are normalised was chosen without a look at S₁.");

    /// <summary>Of a run.</summary>
    /// <param name="arena">The network's parameters: they say whether their first values are a file's.</param>
    /// <param name="options">Its options.</param>
    /// <param name="draws">Whether weights were drawn.</param>
    public static IReadOnlyList<Assumption> Of(ParameterArena arena, CertifyOptions options, bool draws) =>
    [
        OneDistribution, SettingsBeforeData, RandomNumbers, .. draws ? (Assumption[])[Rounding] : [],
        .. arena.Parameters.Any(parameter => parameter.Initializer.IsStored) ? (Assumption[])[FirstWeights] : [],
        .. options.KeepNormalization ? (Assumption[])[StatedNormalization] : [],
    ];
}
