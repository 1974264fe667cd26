using System.Runtime.CompilerServices;
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

    /// <summary>Whether each column's moments are gathered of what is stored (<see cref="WarpMoments"/>).</summary>
    static abstract bool GathersMoments { get; }

    /// <summary>The extents, and where rows go.</summary>
    ProductTarget Layout { get; }

    /// <summary>What is stored of eight numbers of each of four rows, four from each of two columns on.</summary>
    /// <param name="split">Which part of the terms was summed.</param>
    /// <param name="row">The first row.</param>
    /// <param name="column0">The first column.</param>
    /// <param name="column1">The fifth.</param>
    /// <param name="sums">The sums, two quads a row.</param>
    EightQuads Made(int split, int row, int column0, int column1, EightQuads sums);

    /// <summary>What is stored of up to 16 numbers of each of two rows, as <see cref="StorePairs"/> takes them.</summary>
    /// <param name="split">Which part of the terms was summed.</param>
    /// <param name="row0">The first row.</param>
    /// <param name="row1">The second row.</param>
    /// <param name="column">The first column.</param>
    /// <param name="sums">The sums.</param>
    /// <param name="width">How many sixteens of columns there are, 1 to 4; a constant.</param>
    EightQuads MadePairs(int split, int row0, int row1, int column, EightQuads sums, int width);

    /// <summary>
    /// Stores a lane's numbers of eight rows and gathers moments (<see cref="WarpMoments"/>); does nothing where
    /// <see cref="GathersMoments"/> is false, so that no other kernel has that code: ILGPU optimizes what is called nowhere, too.
    /// </summary>
    /// <param name="memory">The output.</param>
    /// <param name="split">Which part of the terms was summed.</param>
    /// <param name="row">The first row.</param>
    /// <param name="column0">The first column.</param>
    /// <param name="column1">The fifth.</param>
    /// <param name="apart">From a lane to the next one of the same columns; a constant, of eight such lanes.</param>
    /// <param name="upper">The first four rows' sums.</param>
    /// <param name="lower">Those of the other four, 32 rows further.</param>
    void Gather(
        ArrayView<float> memory, int split, int row, int column0, int column1, int apart, EightQuads upper, EightQuads lower);

    /// <summary>The same of eight rows, two and those 16, 32 and 48 rows further, of two from every eighth column on.</summary>
    /// <param name="memory">The output.</param>
    /// <param name="split">Which part of the terms was summed.</param>
    /// <param name="row0">The first row.</param>
    /// <param name="row1">The second row.</param>
    /// <param name="column">The first column.</param>
    /// <param name="s0">The first two rows' sums, as <see cref="StorePairs"/> takes them.</param>
    /// <param name="s1">Those 16 rows further.</param>
    /// <param name="s2">Those 32 rows further.</param>
    /// <param name="s3">Those 48 rows further.</param>
    /// <param name="width">How many sixteens of columns there are, 1 to 4; a constant.</param>
    void GatherPairs(
        ArrayView<float> memory, int split, int row0, int row1, int column, EightQuads s0, EightQuads s1, EightQuads s2,
        EightQuads s3, int width);

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

/// <summary>Numbers of a thread that are stored together.</summary>
[method: MethodImpl(MethodImplOptions.AggressiveInlining)]
internal struct EightQuads(Quad q0, Quad q1, Quad q2, Quad q3, Quad q4, Quad q5, Quad q6, Quad q7)
{
    public Quad Q0 = q0, Q1 = q1, Q2 = q2, Q3 = q3, Q4 = q4, Q5 = q5, Q6 = q6, Q7 = q7;
}
