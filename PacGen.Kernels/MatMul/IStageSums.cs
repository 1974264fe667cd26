using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A thread's share of a warp's sums in registers, as a type argument of a staged product: as what stages' numbers are
/// multiplied.
/// </summary>
internal interface IStageSums
{
    /// <summary>
    /// Whether the numbers of neighbouring terms are read at a time, so that pieces of terms' lines change places.
    /// </summary>
    static abstract bool ReadsAcrossTerms { get; }

    /// <summary>Finds the thread's place.</summary>
    /// <param name="across">The group's warps side by side; a constant.</param>
    /// <param name="width">A warp's columns in sixteens; a constant, as in all methods.</param>
    void Start(int across, int width);

    /// <summary>Adds the products of a stage.</summary>
    /// <param name="shared">The stages.</param>
    /// <param name="startA">Where A's begins.</param>
    /// <param name="rows">The tile's rows; a constant.</param>
    /// <param name="startB">Where B's begins.</param>
    /// <param name="columns">The tile's columns; a constant.</param>
    /// <param name="width">A warp's columns in sixteens.</param>
    void Add<TA, TB>(ArrayView<float> shared, int startA, int rows, int startB, int columns, int width)
        where TA : struct, ITileSource
        where TB : struct, ITileSource;

    /// <summary>Stores the sums.</summary>
    /// <param name="memory">The output.</param>
    /// <param name="target">Where in it they go.</param>
    /// <param name="split">Which part of the terms was summed.</param>
    /// <param name="firstRow">The tile's first row.</param>
    /// <param name="firstColumn">The tile's first column.</param>
    /// <param name="width">A warp's columns in sixteens.</param>
    void Store<TTarget>(ArrayView<float> memory, TTarget target, int split, int firstRow, int firstColumn, int width)
        where TTarget : struct, IProductTarget;
}
