using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// The numbers that work is done on. Any do, so long as none is denormal; they repeat after 1,024, so a piece of them fills much.
/// </summary>
internal static class BenchValues
{
    /// <summary>The seed of weights, dropout and perturbations.</summary>
    public const ulong Seed = 1;

    private const int Piece = 1 << 20;

    /// <summary>Numbers from −scale to scale, and so much more.</summary>
    public static float[] Of(int count, float scale, float offset = 0) =>
        [.. Enumerable.Range(0, count).Select(i => (scale * (((i * 7919L) % 1024 / 512f) - 1 + (1 / 2048f))) + offset)];

    /// <summary>Writes them into memory of a device.</summary>
    public static void Fill(Region region, float scale, float offset = 0)
    {
        float[] values = Of((int)Math.Min(region.Count, Piece), scale, offset);
        for (long start = 0; start < region.Count; start += values.Length)
        {
            int count = (int)Math.Min(values.Length, region.Count - start);
            region.Slice(start, count).Write(values.AsSpan(0, count));
        }
    }
}
