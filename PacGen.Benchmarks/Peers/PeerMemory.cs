using System.Globalization;
using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Peers;

/// <summary>The peak memory of a piece of work, in a process of its own, in bytes.</summary>
internal static class PeerMemory
{
    /// <summary>What PacGen takes.</summary>
    public static long Ours(string work, int threads) => Of(work, "pacgen", threads);

    /// <summary>What libtorch takes.</summary>
    public static long Theirs(string work, int threads) => Of(work, "libtorch", threads);

    private static long Of(string work, string who, int threads) => long.Parse(
        ChildProcess.Run(
            ["compare", "--peak-of", who, "--filter", work, "--threads", threads.ToString(CultureInfo.InvariantCulture)]),
        NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
}
