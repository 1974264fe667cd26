namespace PacGen.Benchmarks.Runs;

/// <summary>
/// How a network that learnt nothing is recognised: it knows its training images hardly better than guessing does.
/// </summary>
internal static class Guessing
{
    /// <summary>How many times the accuracy of guessing is hardly better.</summary>
    public const double Factor = 1.5;

    /// <summary>Whether an accuracy is that of guessing among so many classes, or hardly better.</summary>
    public static bool Explains(double accuracy, int classes) => accuracy < Factor / classes;
}
