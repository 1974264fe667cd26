namespace PacGen.Kernels;

/// <summary>
/// What convolutions by Winograd keep in the memory that all launches of a device share, in floats, by the lane's floats alone:
/// it is asked before any memory is taken.
/// </summary>
/// <typeparam name="TTile">The tile.</typeparam>
internal static class WinogradMemory<TTile>
    where TTile : struct, IWinogradTile
{
    /// <summary>The numbers of a transformed tile.</summary>
    public static int Numbers => TTile.Inputs * TTile.Inputs;

    /// <summary>The numbers summed up for an output: each phase's channels.</summary>
    public static int Terms(int channels) => TTile.Stride * TTile.Stride * channels;

    /// <summary>From one of the n² matrices of weights, or of their gradients' sums, to the next.</summary>
    public static nint Step(ColumnPanels panels, int channels) => WinogradTiles.Apart((nint)panels.Padded * Terms(channels));

    /// <summary>All matrices, of one phase of outputs' weights or of a part's sums.</summary>
    public static long Matrices(ColumnPanels panels, int channels) => (long)Numbers * Step(panels, channels);

    /// <summary>The weights of all phases of outputs.</summary>
    public static long Weights(ColumnPanels panels, int channels) => TTile.Spread * TTile.Spread * Matrices(panels, channels);

    /// <summary>Into how many parts the tiles of a weight gradient are cut.</summary>
    public static int GradientParts(Windows windows, ColumnPanels panels) => WinogradChoice.GradientParts(
        new WinogradTiles(windows, TTile.Outputs).Count, Terms(windows.Channels), panels.Columns,
        Matrices(panels, windows.Channels));

    /// <summary>The sums of all parts of a weight gradient.</summary>
    public static long Gradients(Windows windows, ColumnPanels panels) =>
        GradientParts(windows, panels) * Matrices(panels, windows.Channels);
}
