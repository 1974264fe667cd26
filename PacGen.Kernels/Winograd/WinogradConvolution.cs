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
        where T : struct, IMemoryLane<T>
    {
        (int, int) extent = (windows.Rows, windows.Columns);
        return windows.StrideHeight == 2
            ? Bind<T, WinogradStrided<InputPhases>>(
                device, windows, columns, images, weights, WinogradTaps<WinogradStrided<InputPhases>>.ByPhase(taps), termStep,
                columnStep, output, extent)
            : side == 2
                ? Bind<T, Winograd2>(device, windows, columns, images, weights, taps, termStep, columnStep, output, extent)
                : Bind<T, Winograd4>(device, windows, columns, images, weights, taps, termStep, columnStep, output, extent);
    }

    /// <summary>The launch whose outputs lie two places apart, in four phases, for tiles of four of each.</summary>
    /// <param name="device">The device.</param>
    /// <param name="windows">The windows of a phase, 2 × 2, as many as the first has outputs.</param>
    /// <param name="columns">The output's channels.</param>
    /// <param name="images">The images.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="taps">Where each phase's 4 taps begin in the weights; negative where one is missing.</param>
    /// <param name="termStep">From an input channel to the next in the weights.</param>
    /// <param name="columnStep">From an output channel to the next in the weights.</param>
    /// <param name="output">The output, dense.</param>
    /// <param name="extent">Its rows and columns.</param>
    public static Launch BindSpread<T>(
        CpuDevice device, Windows windows, int columns, Region images, Region weights, nint[] taps, nint termStep,
        nint columnStep, Region output, (int Rows, int Columns) extent)
        where T : struct, IMemoryLane<T> => Bind<T, WinogradStrided<OutputPhases>>(
            device, windows, columns, images, weights, taps, termStep, columnStep, output, extent);

    /// <summary>The memory that such a launch shares with all others of the device, in bytes.</summary>
    public static long SharedBytes(int side, Windows windows, int columns, int lanes)
    {
        ColumnPanels panels = new(columns, lanes);
        return sizeof(float) * (windows switch
        {
            { StrideHeight: 2 } => WinogradMemory<WinogradStrided<InputPhases>>.Weights(panels, windows.Channels),
            { KernelHeight: 2 } => WinogradMemory<WinogradStrided<OutputPhases>>.Weights(panels, windows.Channels),
            _ when side == 2 => WinogradMemory<Winograd2>.Weights(panels, windows.Channels),
            _ => WinogradMemory<Winograd4>.Weights(panels, windows.Channels),
        });
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
        nint columnStep, Region output, (int Rows, int Columns) extent)
        where T : struct, IMemoryLane<T>
        where TTile : struct, IWinogradTile
    {
        ColumnPanels panels = new(columns, T.Count);
        WinogradWeightsLaunch<T, TTile> transform = new(
            device, panels, weights, taps, windows.Channels, termStep, columnStep);
        device.ReserveScratch(transform.Scratch);
        device.ReserveShared(WinogradMemory<TTile>.Weights(panels, windows.Channels));
        return new(device, transform, new WinogradLaunch<T, TTile>(device, windows, panels, taps, images, output, extent));
    }
}
