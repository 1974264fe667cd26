using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>The squares of places of images that tiles of windows see, 0 outside the images.</summary>
internal struct WinogradPlaces : IWinogradSource
{
    private readonly int height, width, channels, side, top, left, firstImage, count;
    private Radix tiles;

    /// <param name="windows">The windows, 3 × 3, one place apart.</param>
    /// <param name="side">The outputs along a side of a tile.</param>
    /// <param name="firstImage">The first tile's image.</param>
    /// <param name="count">How many tiles there are; behind the last are zeros.</param>
    public WinogradPlaces(Windows windows, int side, int firstImage, int count)
    {
        (height, width, channels, top, left) = (windows.Height, windows.Width, windows.Channels, windows.Top, windows.Left);
        (this.side, this.firstImage, this.count) = (side, firstImage, count);
        tiles = new WinogradTiles(windows, side).Radix;
    }

    /// <inheritdoc/>
    public static bool AlongSquares => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Place(int square)
    {
        const int Outside = int.MinValue / 2;
        Digits tile = tiles.Of(square);
        return new Digits
        {
            Index = (firstImage + tile.High) * height,
            Middle = Utilities.Select(square < count, (tile.Middle * side) - top, Outside),
            Low = (tile.Low * side) - left,
        };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load(ArrayView<float> memory, Digits place, int channel, int row, int column, int number)
    {
        bool inside = (uint)(place.Middle + row) < (uint)height & (uint)(place.Low + column) < (uint)width;
        int at = ((((place.Index + place.Middle) * width) + place.Low) * channels) + channel + (row * width * channels)
            + (column * channels);
        return TileMask.Of<Wide>(Quad.Load(memory, Utilities.Select(inside, at, 0)), Utilities.Select(inside, TileMask.All, 0));
    }
}
