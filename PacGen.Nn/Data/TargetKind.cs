namespace PacGen.Nn;

/// <summary>What the target of a sample is.</summary>
public enum TargetKind
{
    /// <summary>One class, by its number from 0.</summary>
    Class,

    /// <summary>A probability for each class, their sum 1.</summary>
    Probabilities,

    /// <summary>Labels of which any number may hold, 0 or 1 for each.</summary>
    Bits,

    /// <summary>A vector of numbers, for regression.</summary>
    Values,
}
