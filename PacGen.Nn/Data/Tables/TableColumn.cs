namespace PacGen.Nn;

/// <summary>A column of a table: numbers, NaN where there is none, or texts, null where there is none.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Numbers">The numbers; null where they are texts.</param>
/// <param name="Texts">The texts; null where they are numbers.</param>
internal sealed record TableColumn(string Name, double[]? Numbers, string?[]? Texts)
{
    /// <summary>Whether these are truth values, kept as 0 and 1.</summary>
    public bool IsTruth { get; init; }

    /// <summary>How many rows there are.</summary>
    public int Count => Numbers?.Length ?? Texts!.Length;

    /// <summary>Whether a row has no value.</summary>
    public bool IsMissing(int row) => Numbers is null ? Texts![row] is null : double.IsNaN(Numbers[row]);

    /// <summary>What a row has, as a text.</summary>
    public string Text(int row) =>
        Texts?[row] ?? Numbers![row].ToString("R", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Chosen rows.</summary>
    public TableColumn Rows(int[] rows) => this with
    {
        Numbers = Numbers is null ? null : Array.ConvertAll(rows, row => Numbers[row]),
        Texts = Texts is null ? null : Array.ConvertAll(rows, row => Texts[row]),
    };
}
