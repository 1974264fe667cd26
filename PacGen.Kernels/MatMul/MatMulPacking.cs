namespace PacGen.Kernels;

/// <summary>
/// What a matrix product on the CPU copies before it multiplies: its right factor in panels, and a large left factor turned
/// round.
/// </summary>
internal static class MatMulPacking
{
    private const int SmallestTransposed = 192;
    private const int Collision = 1024;
    private const int Spread = 16;
    private const int FewRows = 192;

    /// <summary>
    /// Whether each task of a product packs what it needs of the right factor into its core's cache: with few rows a packed copy
    /// of all of it takes longer than it saves.
    /// </summary>
    /// <param name="rows">Rows of the product.</param>
    public static bool IsDoneByTasks(int rows) => rows <= FewRows;

    /// <summary>Floats from one row of the left factor's copy to the next; 0 where it isn't copied.</summary>
    /// <param name="rows">Rows of the product.</param>
    /// <param name="terms">Terms of each sum.</param>
    /// <param name="columns">Columns of the product.</param>
    /// <param name="transposeA">Whether the left factor is given as (terms, rows).</param>
    public static int LeftStride(int rows, int terms, int columns, bool transposeA)
    {
        bool large = terms >= SmallestTransposed && columns >= SmallestTransposed;
        bool collides = terms % Collision == 0 && rows >= SmallestTransposed;

        // Walking down a large matrix meets a new page at each step: turn it round first.
        return !large || (!transposeA && !collides) ? 0 : transposeA ? terms : terms + Spread;
    }

    /// <summary>The bytes of both copies.</summary>
    /// <param name="rows">Rows of the product.</param>
    /// <param name="terms">Terms of each sum.</param>
    /// <param name="columns">Columns of the product.</param>
    /// <param name="transposeA">Whether the left factor is given as (terms, rows).</param>
    /// <param name="lanes">Floats of a vector.</param>
    public static long Bytes(int rows, int terms, int columns, bool transposeA, int lanes) => IsDoneByTasks(rows)
        ? 0
        : PanelBytes(columns, terms, lanes) + ((long)rows * LeftStride(rows, terms, columns, transposeA) * sizeof(float));

    /// <summary>The bytes of a matrix of (terms, columns) in panels.</summary>
    /// <param name="columns">Its columns.</param>
    /// <param name="terms">Its rows.</param>
    /// <param name="lanes">Floats of a vector.</param>
    public static long PanelBytes(int columns, long terms, int lanes) => new ColumnPanels(columns, lanes).Padded * terms * sizeof(
        float);
}
