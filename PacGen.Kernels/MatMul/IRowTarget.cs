using ILGPU;

namespace PacGen.Kernels;

/// <summary>Where rows of numbers go that are as they are to be stored, as a type argument.</summary>
internal interface IRowTarget
{
    /// <summary>Stores eight numbers of a row, four from each of two columns on, without those beyond the matrix.</summary>
    void StoreRow(ArrayView<float> memory, int row, int start, int column0, int column1, Quad numbers0, Quad numbers1);

    /// <summary>
    /// Stores eight numbers of each of two rows, two from every eighth column on, without those beyond the matrix; four where the
    /// width is 1.
    /// </summary>
    void StorePairs(
        ArrayView<float> memory, int row0, int row1, int start0, int start1, int column, Quad c0, Quad c1, Quad c2, Quad c3,
        int width);
}
