namespace PacGen.Kernels;

/// <summary>
/// Which products of Winograd's convolution count. The last of a tile's numbers along a side, that of the point ∞, has the
/// last tap alone for its weights; where a phase has no such tap they are zeros: of windows of 3 × 3 two places apart 81 products
/// are left of 100.
/// </summary>
/// <typeparam name="TTile">The tile.</typeparam>
internal static class WinogradTaps<TTile>
    where TTile : struct, IWinogradTile
{
    private static int Taps => TTile.Taps * TTile.Taps;

    private static int InputPhases => TTile.Stride * TTile.Stride;

    /// <summary>Of each phase of images the taps that meet its places; where there is one phase, all nine.</summary>
    /// <param name="taps">Where each of the 9 taps begins in the weights.</param>
    /// <returns>The same phase after phase; negative where a tap is missing.</returns>
    public static nint[] ByPhase(nint[] taps) => TTile.Stride == 1 ? taps :
    [
        .. from phase in Enumerable.Range(0, InputPhases)
           from tap in Enumerable.Range(0, Taps)
           let down = (phase / TTile.Stride) + (tap / TTile.Taps * TTile.Stride)
           let right = (phase % TTile.Stride) + (tap % TTile.Taps * TTile.Stride)
           select down < 3 && right < 3 ? taps[(3 * down) + right] : -1,
    ];

    /// <summary>The terms of a product that have weights, in ranges of some length at most.</summary>
    /// <param name="taps">Where each tap of each phase begins; negative where it is missing.</param>
    /// <param name="output">The phase of outputs.</param>
    /// <param name="number">Which of a tile's numbers.</param>
    /// <param name="channels">The input channels, the terms of a phase of images.</param>
    /// <param name="longest">The longest range; longer ones are cut evenly.</param>
    public static (int Term, int Count)[] Terms(nint[] taps, int output, int number, int channels, int longest)
    {
        List<(int, int)> ranges = [];
        for (int phase = 0; phase < InputPhases;)
        {
            int first = phase;
            while (phase < InputPhases && HasWeights(taps, (output * InputPhases) + phase, number))
            {
                phase++;
            }

            int count = (phase - first) * channels, parts = (count + longest - 1) / longest;
            for (int part = 0, term = 0; part < parts; part++)
            {
                int end = Math.Min(term + ((count + parts - 1) / parts), count);
                ranges.Add(((first * channels) + term, end - term));
                term = end;
            }

            phase = Math.Max(phase, first + 1);
        }

        return [.. ranges];
    }

    private static bool HasWeights(nint[] taps, int phase, int number)
    {
        (int row, int column) = Math.DivRem(number, TTile.Inputs);
        int last = TTile.Taps - 1, start = phase * Taps;
        IEnumerable<int> side = Enumerable.Range(0, TTile.Taps);
        return (row < TTile.Inputs - 1 || side.Any(i => taps[start + (last * TTile.Taps) + i] >= 0))
            && (column < TTile.Inputs - 1 || side.Any(i => taps[start + (i * TTile.Taps) + last] >= 0));
    }
}
