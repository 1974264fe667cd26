using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>A set of images to train on and one to test on.</summary>
/// <param name="Name">The name that <see cref="Datasets.Load"/> knows it by, or one of your own.</param>
/// <param name="Train">The images to train on.</param>
/// <param name="Test">The images to test on.</param>
public sealed record Dataset(string Name, ImageSet Train, ImageSet Test)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => $"{Printable.Name(Name)}: {Train.Count} training and {Test.Count} test images of " +
        $"{Train.Height}×{Train.Width}×{Train.Channels}, {Train.Classes} classes";

    /// <summary>Where the data came from, for a person to read: a folder, or that it is embedded.</summary>
    public string Origin { get; init; } = "memory";

    /// <summary>
    /// What the classes are called, in the order of their numbers; empty where that is not known. Those of a folder are the
    /// folders' names as they are: <see cref="Core.Text.Printable"/> makes them safe to print.
    /// </summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>
    /// What was seen in the files that may not be what was meant, in sentences: one class alone, folders that are not used,
    /// images that are not read. Empty where all is as expected.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>
    /// The first 16 hexadecimal digits of the SHA-256 of all images and classes: other images of the same number are seen to be
    /// others.
    /// </summary>
    public string Fingerprint()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ImageSet set in new[] { Train, Test })
        {
            hash.AppendData(set.Pixels);
            hash.AppendData(MemoryMarshal.AsBytes(set.Labels));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
