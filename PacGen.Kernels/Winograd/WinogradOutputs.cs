using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>The outputs of tiles of windows as squares: where they lie, and which of them there are.</summary>
internal struct WinogradOutputs : IWinogradTarget
{
    private readonly int rows, columns, channels, side, firstImage;
    private Radix tiles;

    /// <param name="windows">The windows.</param>
    /// <param name="channels">The outputs' channels.</param>
    /// <param name="side">The outputs along a side of a tile.</param>
    /// <param name="firstImage">The first tile's image.</param>
    public WinogradOutputs(Windows windows, int channels, int side, int firstImage)
    {
        (rows, columns, this.channels) = (windows.Rows, windows.Columns, channels);
        (this.side, this.firstImage) = (side, firstImage);
        tiles = new WinogradTiles(windows, side).Radix;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Place(int square)
    {
        Digits tile = tiles.Of(square);
        return new Digits { Index = (firstImage + tile.High) * rows, Middle = tile.Middle * side, Low = tile.Low * side };
    }

    /// <summary>Whether a tile's place is one of the image's; those beyond the last row or column are computed in vain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Has(Digits place, int row, int column) =>
        place.Middle + row < rows & place.Low + column < columns;

    /// <summary>Where a place's channels begin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Start(Digits place, int row, int column) =>
        (((place.Index + place.Middle + row) * columns) + place.Low + column) * channels;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> memory, Digits place, int channel, int column, WinogradLine line, int side)
    {
        Store(memory, place, channel, 0, column, line.N0);
        Store(memory, place, channel, 1, column, line.N1);
        if (side > 2)
        {
            Store(memory, place, channel, 2, column, line.N2);
            Store(memory, place, channel, 3, column, line.N3);
        }
    }

    /// <summary>Stores one place's channels, if there is such a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> memory, Digits place, int channel, int row, int column, Quad numbers)
    {
        if (Has(place, row, column))
        {
            Quad.Store(memory, Start(place, row, column) + channel, numbers);
        }
    }
}

/// <summary>
/// The same with an expression computed of the numbers and of up to four further arguments: a map's bits.
/// </summary>
/// <param name="places">Where the outputs lie.</param>
/// <param name="arguments">The expression's arguments from the second on, of four channels in 16 bytes.</param>
internal struct WinogradFusedOutputs<TExpression, TOthers>(WinogradOutputs places, ExpressionArgument[] arguments)
    : IWinogradTarget
    where TExpression : struct, IExpression
    where TOthers : struct, IArgumentCount
{
    private WinogradOutputs places = places;
    private OtherArguments<TExpression, TOthers> others = new(arguments);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Place(int square) => places.Place(square);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> memory, Digits place, int channel, int column, WinogradLine line, int side)
    {
        // The column's arguments are asked for before its first store, which no load may pass.
        OtherQuads x0 = Load(place, channel, 0, column), x1 = Load(place, channel, 1, column), x2 = default, x3 = default;
        if (side > 2)
        {
            x2 = Load(place, channel, 2, column);
            x3 = Load(place, channel, 3, column);
        }

        line.N0 = OtherArguments<TExpression, TOthers>.Evaluate(line.N0, x0);
        line.N1 = OtherArguments<TExpression, TOthers>.Evaluate(line.N1, x1);
        if (side > 2)
        {
            line.N2 = OtherArguments<TExpression, TOthers>.Evaluate(line.N2, x2);
            line.N3 = OtherArguments<TExpression, TOthers>.Evaluate(line.N3, x3);
        }

        places.Store(memory, place, channel, column, line, side);
    }

    // What lies beyond the last place is that of the first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly OtherQuads Load(Digits place, int channel, int row, int column)
    {
        int start = Utilities.Select(places.Has(place, row, column), places.Start(place, row, column), 0);
        return others.Load<QuadsOfARow>(start, start, channel, 0);
    }
}
