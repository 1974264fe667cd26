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
}
