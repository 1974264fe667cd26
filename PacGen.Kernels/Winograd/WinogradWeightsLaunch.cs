using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The weights of Winograd's convolution, G g Gᵀ, in panels of the output's columns, one matrix for each of a tile's n² numbers,
/// in the device's shared memory; those of each phase of outputs behind those of the one before.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="panels">The panels.</param>
/// <param name="weights">The weights.</param>
/// <param name="taps">Where each tap of each phase begins in them; negative where it is missing.</param>
/// <param name="channels">The input channels.</param>
/// <param name="termStep">From an input channel to the next in the weights.</param>
/// <param name="columnStep">From an output channel to the next in the weights.</param>
internal sealed unsafe class WinogradWeightsLaunch<T, TTile>(
    CpuDevice device, ColumnPanels panels, Region weights, nint[] taps, int channels, nint termStep, nint columnStep)
    : CpuLaunch(device)
    where T : struct, IMemoryLane<T>
    where TTile : struct, IWinogradTile
{
    private const int Kernel = 3, TermsPerTask = 16;
    private readonly int slices = (channels + TermsPerTask - 1) / TermsPerTask;
    private readonly int terms = WinogradMemory<TTile>.Terms(channels);

    private readonly nint step = WinogradMemory<TTile>.Step(panels, channels);

    /// <summary>The scratch that a task needs.</summary>
    public long Scratch => Kernel * Kernel * TermsPerTask * 3L * panels.Lane;

    /// <inheritdoc/>
    public override int Tasks => InputPhases * OutputPhases * slices * panels.Count;

    private static int InputPhases => TTile.Stride * TTile.Stride;

    private static int OutputPhases => TTile.Spread * TTile.Spread;

    /// <inheritdoc/>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        (int part, int panel) = Math.DivRem(task, panels.Count);
        (int phase, int slice) = Math.DivRem(part, slices);
        int first = slice * TermsPerTask, count = Math.Min(TermsPerTask, channels - first), start = panels.Start(panel);
        int width = panels.VectorsOf(panel) * T.Count, n = TTile.Inputs, side = TTile.Taps;
        float* packed = Device.Scratch(worker);
        float** from = stackalloc float*[Kernel * Kernel];
        for (int tap = 0; tap < side * side; tap++)
        {
            from[tap] = packed + (tap * count * width);
            nint begin = taps[(phase * side * side) + tap];
            if (begin < 0)
            {
                new Span<float>(from[tap], count * width).Clear();
                continue;
            }

            PackLaunch<T>.Pack(
                CpuDevice.Address(weights) + begin + (first * termStep) + (start * columnStep), termStep, columnStep, count,
                panels.ColumnsOf(panel), width, from[tap]);
        }

        float* betweenRoom = stackalloc float[(6 * Kernel * 16) + 16];
        float* between = WinogradTiles.Aligned(betweenRoom);
        float** turned = stackalloc float*[6 * Kernel];
        WinogradTiles.Turn(between, side, n, T.Count, turned);
        (int output, int input) = Math.DivRem(phase, InputPhases);
        float* to = Device.Shared + (output * WinogradMemory<TTile>.Matrices(panels, channels)) + ((nint)start * terms)
            + ((((nint)input * channels) + first) * width);
        for (nint i = 0; i < (nint)count * width; i += T.Count)
        {
            for (int row = 0; row < side; row++)
            {
                TTile.Weights<T>(from + (row * side), i, between + (row * n * T.Count), T.Count);
            }

            for (int column = 0; column < n; column++)
            {
                TTile.Weights<T>(turned + (column * side), 0, to + i + (column * step), n * step);
            }
        }
    }
}
