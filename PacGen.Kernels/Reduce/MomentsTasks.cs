namespace PacGen.Kernels;

/// <summary>How <see cref="Moments"/> cuts a tensor into wide rows and tasks.</summary>
internal readonly struct MomentsTasks
{
    /// <summary>What a task leaves: its first row, the mean less that, and the squares.</summary>
    public const int KeptRows = 3;

    private const int Padding = 16;

    /// <param name="source">The tensor; its rows are whole wide ones.</param>
    public MomentsTasks(Shape source)
    {
        Columns = source[-1];
        Fold = WideRows.Fold(Columns);
        Width = Fold * Columns;
        Stride = ((Width + Padding - 1) / Padding * Padding) + Padding;
        Rows = source.Count / Width;
        RowsPerTask = WideRows.PerTask(Rows, Width);
    }

    /// <summary>A row's numbers.</summary>
    public int Columns { get; }

    /// <summary>The rows of a wide one.</summary>
    public int Fold { get; }

    /// <summary>A wide row's numbers.</summary>
    public int Width { get; }

    /// <summary>From one row that is kept to the next, in floats.</summary>
    public int Stride { get; }

    /// <summary>The wide rows.</summary>
    public long Rows { get; }

    /// <summary>The wide rows of a task.</summary>
    public long RowsPerTask { get; }

    /// <summary>The tasks.</summary>
    public int Count => (int)((Rows + RowsPerTask - 1) / RowsPerTask);

    /// <summary>What all tasks leave, in floats.</summary>
    public long Kept => Count * (long)KeptRows * Stride;
}
