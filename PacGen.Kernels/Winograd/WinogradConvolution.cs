using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// A convolution by Winograd: the weights' launch, then the tiles', which no other launch comes between, for the transformed
/// weights lie in memory that all launches of the device share.
/// </summary>
internal sealed class WinogradConvolution : Launch
{
    private readonly CpuDevice device;
    private readonly CpuLaunch weights;
    private readonly CpuLaunch tiles;

    private WinogradConvolution(CpuDevice device, CpuLaunch weights, CpuLaunch tiles) =>
        (this.device, this.weights, this.tiles) = (device, weights, tiles);

    /// <summary>The launch for tiles of so many outputs a side, 2 or 4.</summary>
    /// <param name="side">The outputs along a side of a tile.</param>
    /// <param name="device">The device.</param>
    /// <param name="windows">The windows, 3 × 3, one or two places apart.</param>
    /// <param name="columns">The output's channels.</param>
    /// <param name="images">The images.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="taps">Where each of the 9 taps begins in the weights.</param>
    /// <param name="termStep">From an input channel to the next in the weights.</param>
    /// <param name="columnStep">From an output channel to the next in the weights.</param>
    /// <param name="output">The output, dense.</param>
    public static Launch Bind<T>(
        int side, CpuDevice device, Windows windows, int columns, Region images, Region weights, nint[] taps, nint termStep,
        nint columnStep, Region output)
        where T : struct, IMemoryLane<T> => windows.StrideHeight == 2
            ? Bind<T, WinogradStrided>(device, windows, columns, images, weights, taps, termStep, columnStep, output)
            : side == 2 ? Bind<T, Winograd2>(device, windows, columns, images, weights, taps, termStep, columnStep, output)
            : Bind<T, Winograd4>(device, windows, columns, images, weights, taps, termStep, columnStep, output);

    /// <summary>The memory that such a launch shares with all others of the device, in bytes.</summary>
    public static long SharedBytes(int side, Windows windows, int columns, int lanes)
    {
        ColumnPanels panels = new(columns, lanes);
        return sizeof(float) * (windows.StrideHeight == 2
            ? WinogradMemory<WinogradStrided>.Matrices(panels, windows.Channels)
            : side == 2 ? WinogradMemory<Winograd2>.Matrices(panels, windows.Channels)
            : WinogradMemory<Winograd4>.Matrices(panels, windows.Channels));
    }

    /// <inheritdoc/>
    public override void Run()
    {
        using (device.Exclusively())
        {
            weights.Run();
            tiles.Run();
        }
    }

    private static WinogradConvolution Bind<T, TTile>(
        CpuDevice device, Windows windows, int columns, Region images, Region weights, nint[] taps, nint termStep,
        nint columnStep, Region output)
        where T : struct, IMemoryLane<T>
        where TTile : struct, IWinogradTile
    {
        ColumnPanels panels = new(columns, T.Count);
        WinogradWeightsLaunch<T, TTile> transform = new(
            device, panels, weights, taps, windows.Channels, termStep, columnStep);
        device.ReserveScratch(transform.Scratch);
        device.ReserveShared(WinogradMemory<TTile>.Matrices(panels, windows.Channels));
        return new(device, transform, new WinogradLaunch<T, TTile>(device, windows, panels, images, transform.Step, output));
    }
}
