namespace PacGen.Kernels;

/// <summary>
/// A product of row-major matrices as a library of column-major ones is asked for it. To such a library a row-major matrix is its
/// own transpose, and (A·B)ᵀ = Bᵀ·Aᵀ: so B is its first factor, A its second, and what it writes is A·B row-major.
/// </summary>
/// <param name="TransposeFirst">Whether the library is to transpose the first factor, B.</param>
/// <param name="TransposeSecond">Whether the library is to transpose the second factor, A.</param>
/// <param name="Rows">The rows of its output: the columns of A·B.</param>
/// <param name="Columns">The columns of its output: the rows of A·B.</param>
/// <param name="Terms">The summed terms.</param>
/// <param name="FirstStep">From a column of the first factor to the next.</param>
/// <param name="SecondStep">From a column of the second factor to the next.</param>
internal readonly record struct ColumnMajorProduct(
    bool TransposeFirst, bool TransposeSecond, int Rows, int Columns, int Terms, int FirstStep, int SecondStep)
{
    /// <summary>A·B of (rows, terms) and (terms, columns), either of which may be given transposed.</summary>
    public static ColumnMajorProduct Of(int rows, int columns, int terms, bool transposeA, bool transposeB) =>
        new(transposeB, transposeA, columns, rows, terms, transposeB ? terms : columns, transposeA ? rows : terms);
}
