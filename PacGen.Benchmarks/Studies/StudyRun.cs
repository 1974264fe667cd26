using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>A run of a study, as its description has it.</summary>
/// <param name="Settings">What tells it from others, by name, without its seed; the words as an option takes them.</param>
/// <param name="Seed">Its seed.</param>
internal sealed record StudyRun(IReadOnlyDictionary<string, string> Settings, ulong Seed)
{
    /// <summary>Its number in the store, from 1; 0 before it is there.</summary>
    public int Number { get; init; }

    /// <summary>How it trains.</summary>
    public required StudyTraining Training { get; init; }

    /// <summary>On what; null before it is loaded.</summary>
    public Dataset? Images { get; init; }

    /// <summary>Its name for people: what tells it from the other runs, and the seed.</summary>
    public string Name { get; init; } = "";

    /// <summary>How much work its training is, in images that are passed.</summary>
    public double Work => (double)Training.Options.Epochs * Images!.Train.Count;
}
