namespace PacGen.Nn;

/// <summary>How the columns of a table become samples and targets.</summary>
public sealed record TableOptions
{
    /// <summary>
    /// The column, or the columns, that are predicted; without any the one column called <c>target</c>, <c>label</c>,
    /// <c>class</c> or <c>y</c>. Of arrays, the name of the array.
    /// </summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>
    /// What the targets are; without it several columns are values, and one column is classes where it has texts, truth values,
    /// or at most 20 different whole numbers, and values where it has other numbers.
    /// </summary>
    public TargetKind? Kind { get; init; }

    /// <summary>Columns that are left out.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>What is done about cells that have no value.</summary>
    public MissingValues Missing { get; init; } = MissingValues.Refuse;

    /// <summary>The share of the rows that is tested on, where no part is given for that; in (0, 1).</summary>
    public double TestPart { get; init; } = 0.2;

    /// <summary>Chooses those rows.</summary>
    public ulong SplitSeed { get; init; } = 1;

    /// <summary>
    /// Whether columns are normalised to the training part's mean 0 and deviation 1 (<see cref="Dataset.Normalized()"/>).
    /// </summary>
    public bool Normalize { get; init; } = true;

    /// <summary>
    /// Whether values for targets are standardised to the training part's mean 0 and deviation 1
    /// (<see cref="Dataset.WithStandardizedTargets"/>); metrics and predictions are in their own units all the same.
    /// </summary>
    public bool StandardizeTargets { get; init; } = true;

    /// <summary>
    /// The numbers that a sample has, by the names of <see cref="Dataset.Features"/>, as a network was trained on: the columns
    /// that make them are taken, in this order, and others left out. Without any, whatever columns there are.
    /// </summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>
    /// The classes in the order of their numbers, as a network was trained on; without any, those that come, in order.
    /// </summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>What is said where a file has samples to test on, so that none are chosen.</summary>
    internal IEnumerable<string> SplitWarnings => (TestPart, SplitSeed) == (Default.TestPart, Default.SplitSeed)
        ? [] : ["the file has samples of its own to test on: --test-part and --test-seed choose none."];

    private static TableOptions Default { get; } = new();
}
