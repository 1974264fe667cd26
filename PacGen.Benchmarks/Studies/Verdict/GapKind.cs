namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>Which difference between training and test images is the gap.</summary>
internal enum GapKind
{
    /// <summary>Test cross-entropy less training cross-entropy, as in Figures 3 to 6.</summary>
    Loss,

    /// <summary>Training accuracy less test accuracy, as in the literature on measures.</summary>
    Accuracy,
}
