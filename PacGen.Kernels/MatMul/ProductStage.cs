using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// A stage of a product on tensor cores in shared memory: 16 terms of each side as memory runs, in lines of 16-byte pieces that
/// change places, so that what a warp reads at a time stands in different banks.
/// </summary>
internal static class ProductStage
{
    /// <summary>The terms of a stage.</summary>
    public const int Terms = 16;

    /// <summary>The terms of a stage in pairs of bfloat16, which takes as much memory.</summary>
    public const int TermsInPairs = 2 * Terms;

    /// <summary>Where a 16-byte piece of an outer index's line of 16 terms, or 16 pairs, stands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SwizzleTerms(int piece, int outer) => piece ^ ((outer >> 1) & 3);

    /// <summary>Where a 16-byte piece of a term's line stands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SwizzleOuters(int piece, int term) => piece ^ ((term & 3) << 1);

    /// <summary>
    /// The same where lines may be an odd number of 16 floats long, which stand half a turn of the banks from each other.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SwizzleOuters(int piece, int term, int extent) =>
        extent % 32 == 0 ? SwizzleOuters(piece, term) : piece ^ (term & 2);

    /// <summary>
    /// Where a piece of eight numbers in bfloat16 of a term's line stands: of the same pieces of eight terms in a row, which are
    /// read at a time, no two are in the same banks, nor of two neighbours of four terms or four of two, which are written.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SwizzlePairs(int piece, int term, int extent) =>
        piece ^ (((term >> 2) & 1) | (extent % 32 == 0 ? term & 2 : 0) | (extent % 64 == 0 ? (term & 1) << 2 : 0));

    /// <summary>
    /// The row whose terms are a line of A's stage: of 32 rows, four neighbours stand in four eighths of the lines, so that eight
    /// lines in a row are a thread's first, second … row of four.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RowOfLine(int line) => (line & ~31) | ((line & 7) << 2) | ((line >> 3) & 3);

    /// <summary>The column whose terms are a line of B's stage: of 16 columns, two neighbours stand in either half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ColumnOfLine(int line) => (line & ~15) | ((line & 7) << 1) | ((line >> 3) & 1);
}
