using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// The level σ of perturbations at which a network loses a stated share of its training accuracy, and what PAC-Bayes measures
/// make of it.
/// </summary>
public sealed record Flatness : Measurement
{
    /// <summary>The measure's name in <see cref="Measures.All"/>.</summary>
    public required string Name { get; init; }

    /// <summary>σ: the largest level that was found to cost no more than the stated accuracy.</summary>
    public required double Sigma { get; init; }

    /// <summary>A level that costs more; +∞ where none was found.</summary>
    public required double TooLarge { get; init; }

    /// <summary>The training accuracy at the weights.</summary>
    public required double Accuracy { get; init; }

    /// <summary>The training accuracy under perturbations of level σ.</summary>
    public required double PerturbedAccuracy { get; init; }

    /// <summary>How it was searched.</summary>
    public required FlatnessOptions Options { get; init; }

    /// <summary>The value, σ and the accuracies.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name} {Value:G6}: level {Sigma:G4}, accuracy {PerturbedAccuracy:P1} there and {Accuracy:P1} at the weights; {Cost}");
}
