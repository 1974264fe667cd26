using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>What the targets of a set are, and how many numbers each has.</summary>
/// <param name="Kind">What a target is.</param>
/// <param name="Size">How many classes, labels or values there are; what a network for them has as outputs.</param>
public sealed record TargetForm(TargetKind Kind, int Size)
{
    /// <summary>How many classes, labels or values there are.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public int Size { get; } = Size >= 1 ? Size
        : throw new ArgumentOutOfRangeException(nameof(Size), Size, "There must be at least one class, label or value.");

    /// <summary>
    /// How values are standardised: losses and networks have (value − mean) / deviation for a target; metrics and predictions are
    /// in the values' own units. Null for values as they are.
    /// </summary>
    public Normalization? Scale { get; init; }

    /// <summary>One of so many classes.</summary>
    /// <param name="classes">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public static TargetForm OneOf(int classes) => new(TargetKind.Class, classes);

    /// <summary>A probability for each of so many classes.</summary>
    /// <param name="classes">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public static TargetForm Probabilities(int classes) => new(TargetKind.Probabilities, classes);

    /// <summary>So many labels of 0 or 1.</summary>
    /// <param name="labels">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public static TargetForm Bits(int labels) => new(TargetKind.Bits, labels);

    /// <summary>A vector of so many numbers.</summary>
    /// <param name="count">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public static TargetForm Values(int count) => new(TargetKind.Values, count);

    /// <summary>How many floats a target is given as: 1 for a class, else <see cref="Size"/>.</summary>
    public int Width => Kind == TargetKind.Class ? 1 : Size;

    /// <summary>How many classes there are; 0 where targets are labels or values.</summary>
    public int Classes => Kind is TargetKind.Class or TargetKind.Probabilities ? Size : 0;

    /// <summary>The shape of a batch's targets: (N) for classes, else (N, <see cref="Size"/>).</summary>
    /// <param name="count">N.</param>
    public Shape ShapeOf(int count) => Kind == TargetKind.Class ? new Shape(count) : new Shape(count, Size);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        TargetKind.Class => $"{Size} classes",
        TargetKind.Probabilities => $"probabilities of {Size} classes",
        TargetKind.Bits => $"{Size} labels",
        _ => Size == 1 ? "1 value" : $"{Size} values",
    };
}
