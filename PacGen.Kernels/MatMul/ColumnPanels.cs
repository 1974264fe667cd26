namespace PacGen.Kernels;

/// <summary>
/// How a number of columns is cut into panels of two and three vectors, the widths that a micro-kernel runs at full speed. A
/// single vector stands alone only where there is no other. The last vector is filled up with zeros.
/// </summary>
internal readonly struct ColumnPanels
{
    private readonly int threes;

    /// <param name="columns">The number of columns.</param>
    /// <param name="lane">The floats of a vector.</param>
    public ColumnPanels(int columns, int lane)
    {
        Columns = columns;
        Lane = lane;
        Vectors = (columns + lane - 1) / lane;
        threes = Vectors == 1 ? 0 : Vectors % 3 == 1 ? (Vectors - 4) / 3 : Vectors / 3;
        Count = Vectors == 1 ? 1 : threes + ((Vectors - (3 * threes)) / 2);
    }

    /// <summary>The number of columns.</summary>
    public int Columns { get; }

    /// <summary>The floats of a vector.</summary>
    public int Lane { get; }

    /// <summary>The vectors of all panels.</summary>
    public int Vectors { get; }

    /// <summary>The number of panels.</summary>
    public int Count { get; }

    /// <summary>The columns including those that fill up the last vector.</summary>
    public int Padded => Vectors * Lane;

    /// <summary>The vectors of a panel.</summary>
    public int VectorsOf(int panel) => Vectors == 1 ? 1 : panel < threes ? 3 : 2;

    /// <summary>The first column of a panel.</summary>
    public int Start(int panel) => Lane * (panel < threes ? 3 * panel : (2 * panel) + threes);

    /// <summary>The columns of a panel that are not filling.</summary>
    public int ColumnsOf(int panel) => Math.Min(VectorsOf(panel) * Lane, Columns - Start(panel));

    /// <summary>The columns, with filling, of the panels from one up to another.</summary>
    public int WidthBetween(int first, int end) => (end == Count ? Padded : Start(end)) - Start(first);
}
