using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// Squares a step apart, of which a number lies a step behind the one before, and the channels one after the other; they may lie
/// in parts, which begin a step apart.
/// </summary>
/// <param name="squareStep">From a square to the next.</param>
/// <param name="numberStep">From a number of a square to the next, row by row.</param>
/// <param name="squaresOfPart">The squares of a part.</param>
/// <param name="partStep">From a part to the next.</param>
internal struct WinogradNumbers(int squareStep, int numberStep, int squaresOfPart = int.MaxValue, int partStep = 0)
    : IWinogradSource, IWinogradTarget
{
    private int squareStep = squareStep, numberStep = numberStep, squaresOfPart = squaresOfPart, partStep = partStep;

    /// <inheritdoc/>
    public static bool AlongSquares => false;

    /// <inheritdoc cref="IWinogradSource.Place"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Place(int square)
    {
        int part = square / squaresOfPart;
        return new Digits { Index = (part * partStep) + ((square - (part * squaresOfPart)) * squareStep) };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load(ArrayView<float> memory, Digits place, int channel, int row, int column, int number) =>
        Quad.Load(memory, place.Index + channel + (number * numberStep));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> memory, Digits place, int channel, int column, WinogradLine line, int side)
    {
        int at = place.Index + channel + (column * numberStep), step = side * numberStep;
        Quad.Store(memory, at, line.N0);
        Quad.Store(memory, at + step, line.N1);
        if (side > 2)
        {
            Quad.Store(memory, at + (2 * step), line.N2);
        }

        if (side > 3)
        {
            Quad.Store(memory, at + (3 * step), line.N3);
        }

        if (side > 4)
        {
            Quad.Store(memory, at + (4 * step), line.N4);
            Quad.Store(memory, at + (5 * step), line.N5);
        }
    }
}
