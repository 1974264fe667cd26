using ILGPU;

namespace PacGen.Kernels;

/// <summary>Where a transform on a GPU puts its squares, as a type argument of its kernel.</summary>
internal interface IWinogradTarget
{
    /// <summary>The place of a square.</summary>
    Digits Place(int square);

    /// <summary>Stores a square's column in four channels.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="place">The square's place.</param>
    /// <param name="channel">The first channel.</param>
    /// <param name="column">The column.</param>
    /// <param name="line">Its numbers.</param>
    /// <param name="side">How many there are, 2, 3, 4 or 6, and columns; a constant.</param>
    void Store(ArrayView<float> memory, Digits place, int channel, int column, WinogradLine line, int side);
}
