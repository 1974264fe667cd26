using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// The 64 sums of a thread of a product's group, in registers, as a type argument of the kernel: which of the tile's numbers they
/// are, and how products are added to them.
/// </summary>
internal interface IThreadSums
{
    /// <summary>The numbers of a side as shared memory holds them.</summary>
    static abstract Quad Prepare(Quad numbers);

    /// <summary>Finds the thread's place in its group's tile.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="rows">The tile's rows; a constant.</param>
    /// <param name="columns">The tile's columns; a constant.</param>
    void Start(int thread, int rows, int columns);

    /// <summary>Adds the products of the terms in shared memory.</summary>
    /// <param name="a">A's tiles.</param>
    /// <param name="startA">Where the present one begins.</param>
    /// <param name="rows">Its rows; a constant.</param>
    /// <param name="b">B's tiles.</param>
    /// <param name="startB">Where the present one begins.</param>
    /// <param name="columns">Its columns; a constant.</param>
    void Add(ArrayView<float> a, int startA, int rows, ArrayView<float> b, int startB, int columns);

    /// <summary>Stores the sums.</summary>
    /// <param name="memory">The output.</param>
    /// <param name="target">Where in it they go.</param>
    /// <param name="split">Which part of the terms was summed.</param>
    /// <param name="firstRow">The tile's first row.</param>
    /// <param name="rows">The tile's rows; a constant.</param>
    /// <param name="firstColumn">The tile's first column.</param>
    /// <param name="columns">The tile's columns; a constant.</param>
    void Store<TTarget>(
        ArrayView<float> memory, TTarget target, int split, int firstRow, int rows, int firstColumn, int columns)
        where TTarget : struct, IProductTarget;
}
