using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// Where a product's numbers go, and what is made of them on the way, as a type argument of its kernel. A thread's numbers come
/// many at a time: what is made of them asks for all that it reads before the first of them is stored, since no load may pass a
/// store that might be to the same place.
/// </summary>
internal interface IProductTarget
{
    /// <summary>Whether numbers go to other memory than the output's, which only the product itself may write.</summary>
    static abstract bool StoresElsewhere { get; }

    /// <summary>The extents, and where rows go.</summary>
    ProductTarget Layout { get; }

    /// <summary>
    /// Stores eight numbers of each of four rows, four from each of two columns on, without those beyond the matrix.
    /// </summary>
    void Store(
        ArrayView<float> memory, int split, int row, int column0, int column1, Quad c00, Quad c01, Quad c10, Quad c11, Quad c20,
        Quad c21, Quad c30, Quad c31);

    /// <summary>
    /// Stores up to 16 numbers of each of two rows, two from every eighth column on, without those beyond the matrix: a quad's X
    /// and Y are of the first row, Z and W of the second.
    /// </summary>
    /// <param name="memory">The output.</param>
    /// <param name="split">Which part of the terms was summed.</param>
    /// <param name="row0">The first row.</param>
    /// <param name="row1">The second row.</param>
    /// <param name="column">The first column.</param>
    /// <param name="c0">The numbers of the first column on.</param>
    /// <param name="c1">Those eight columns further, and so on.</param>
    /// <param name="c2">The third.</param>
    /// <param name="c3">The fourth.</param>
    /// <param name="c4">The fifth.</param>
    /// <param name="c5">The sixth.</param>
    /// <param name="c6">The seventh.</param>
    /// <param name="c7">The eighth.</param>
    /// <param name="width">How many sixteens of columns there are, 1 to 4; a constant.</param>
    void StorePairs(
        ArrayView<float> memory, int split, int row0, int row1, int column, Quad c0, Quad c1, Quad c2, Quad c3, Quad c4, Quad c5,
        Quad c6, Quad c7, int width);
}
