namespace PacGen.Kernels;

/// <summary>Rows of a map's values that are combined as they are computed, and never are in memory.</summary>
internal abstract unsafe class MapBlock
{
    /// <summary>Combines rows, in their order, column by column.</summary>
    /// <param name="start">The first row's first element.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="width">Their length, at least a vector's; the map is uniform for it.</param>
    /// <param name="target">Gets a value a column.</param>
    /// <param name="scratch">The map's scratch memory, prepared.</param>
    public abstract void Combine(long start, int rows, int width, float* target, float* scratch);

    /// <summary>The mean of the rows and the sum of their squared deviations from it, column by column.</summary>
    /// <param name="start">The first row's first element.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="width">Their length, at least a vector's; the map is uniform for it.</param>
    /// <param name="origin">What each column's mean is given less, near the numbers.</param>
    /// <param name="mean">Gets the mean of each column, less that.</param>
    /// <param name="squares">Gets the sum of squared deviations of each column.</param>
    /// <param name="scratch">The map's scratch memory, prepared.</param>
    public abstract void Moments(long start, int rows, int width, float* origin, float* mean, float* squares, float* scratch);
}
