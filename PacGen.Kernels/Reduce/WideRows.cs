namespace PacGen.Kernels;

/// <summary>How the CPU's passes that combine rows into one see them: short rows count several as one wide row.</summary>
internal static class WideRows
{
    /// <summary>The rows that are combined at a time.</summary>
    public const int Block = 32;

    /// <summary>The floats that a task takes.</summary>
    public const long FloatsPerTask = 32768;

    private const int Narrow = 64, Padding = 16;

    /// <summary>How many rows are one: some vectors long, so that all of a vector's places are used.</summary>
    public static int Fold(long columns)
    {
        int fold = 1;
        while (columns < Narrow && (fold * columns < Narrow || fold * columns % Padding != 0))
        {
            fold *= 2;
        }

        return fold;
    }

    /// <summary>How many of some wide rows a task takes: all, or whole blocks where they are enough for several tasks.</summary>
    public static long PerTask(long rows, int width) =>
        rows * width <= 2 * FloatsPerTask ? rows : Math.Max(1, ((FloatsPerTask / width) + Block - 1) / Block) * Block;
}
