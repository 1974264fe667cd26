using ILGPU;

namespace PacGen.Kernels;

/// <summary>Where a transform on a GPU takes its squares from, as a type argument of its kernel.</summary>
internal interface IWinogradSource
{
    /// <summary>Whether neighbouring threads take neighbouring squares; else neighbouring channels.</summary>
    static abstract bool AlongSquares { get; }

    /// <summary>The place of a square.</summary>
    Digits Place(int square);

    /// <summary>Reads a number of a square in four channels.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="place">The square's place.</param>
    /// <param name="channel">The first channel.</param>
    /// <param name="row">The number's row in the square.</param>
    /// <param name="column">Its column.</param>
    /// <param name="number">Its index, row by row.</param>
    Quad Load(ArrayView<float> memory, Digits place, int channel, int row, int column, int number);
}
