using System.Security.Cryptography;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>Samples to train on and samples to test on.</summary>
/// <param name="Name">The name that <see cref="Datasets.Load"/> knows it by, or one of your own.</param>
/// <param name="Train">The samples to train on.</param>
/// <param name="Test">The samples to test on.</param>
public sealed partial record Dataset(string Name, SampleSet Train, SampleSet Test)
{
    /// <summary>One line for people.</summary>
    public override string ToString() =>
        $"{Printable.Name(Name)}: {Train.Count} training and {Test.Count} test {Train.Noun} of " +
        $"{string.Join('×', Train.SampleShape.AsSpan().ToArray())}, {Train.Target}";

    /// <summary>Where the data came from, for a person to read: a folder, or that it is embedded.</summary>
    public string Origin { get; init; } = "memory";

    /// <summary>
    /// What the classes are called, in the order of their numbers; empty where that is not known. Those of a folder are the
    /// folders' names as they are: <see cref="Core.Text.Printable"/> makes them safe to print.
    /// </summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>
    /// What the numbers of a sample are, in their order: a table's columns, <c>COLUMN=TEXT</c> for each text of one that has
    /// texts. Empty where that is not known.
    /// </summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>How the columns of a table, or arrays of a file, became samples and targets; null for other sets.</summary>
    public TableOptions? Table { get; init; }

    /// <summary>
    /// What was seen in the files that may not be what was meant, in sentences: one class alone, folders that are not used,
    /// images that are not read. Empty where all is as expected.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <exception cref="ArgumentException">Training and test samples differ in shape, or their targets in kind.</exception>
    internal void RequireOneForm()
    {
        if (Train.SampleShape != Test.SampleShape)
        {
            throw new ArgumentException($"The test {Test.Noun} of {Name} differ in size from its training {Train.Noun}.");
        }

        if (Train.Target.Kind != Test.Target.Kind || Train.Target.Width != Test.Target.Width)
        {
            throw new ArgumentException(
                $"The test targets of {Name} are {Test.Target}, but its training targets {Train.Target}.");
        }
    }

    /// <summary>
    /// The first 16 hexadecimal digits of the SHA-256 of all samples and targets: others of the same number are seen to be
    /// others.
    /// </summary>
    public string Fingerprint()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (SampleSet set in new[] { Train, Test })
        {
            set.AppendTo(hash);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
