using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace PacGen.Tests.Packages;

/// <summary>What lies in the packages.</summary>
internal sealed partial class ContentTests
{
    /// <summary>The kind of a portable symbol file's record that holds a source file.</summary>
    private static readonly Guid EmbeddedSource = new("0e8a571b-6926-466e-b4ad-8ab04611f5fe");

    private static readonly string[] Libraries = ["PacGen.Core", "PacGen.Kernels", "PacGen.Nn", "PacGen.Images", "PacGen.Plots"];

    private static IEnumerable<string> All => Libraries.Append("pacgen");

    [TestCaseSource(nameof(All))]
    public void APackageSaysWhatItIs(string id)
    {
        using ZipArchive package = Open(id, "nupkg");
        using Stream nuspec = package.GetEntry($"{id}.nuspec")!.Open();
        XElement metadata = XDocument.Load(nuspec).Root!.Elements().First();
        string Of(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value ?? "";
        Assert.Multiple(() =>
        {
            Assert.That(Of("id"), Is.EqualTo(id));
            Assert.That(Of("license"), Is.EqualTo("MIT"));
            Assert.That(Of("tags"), Does.Contain("pac-bayes"));
            Assert.That(Of("description"), Has.Length.GreaterThan(40));
            Assert.That(package.GetEntry(Of("icon")), Is.Not.Null);
            Assert.That(package.GetEntry(Of("readme")), Is.Not.Null);
        });

        // A package's page knows no file of the repository.
        using StreamReader reader = new(package.GetEntry("README.md")!.Open());
        string readme = reader.ReadToEnd();
        Assert.That(Links().Matches(readme).Select(link => link.Groups[1].Value), Is.All.StartsWith("https://"));
        Assert.That(readme, Does.Contain(id == "pacgen" ? "dotnet tool install --global pacgen" : $"dotnet add package {id}"));
    }

    [TestCaseSource(nameof(Libraries))]
    public void ALibraryHasDocumentationAndSymbolsWithItsSources(string id)
    {
        using ZipArchive package = Open(id, "nupkg"), symbols = Open(id, "snupkg");
        Assert.That(package.Entries.Select(entry => entry.FullName), Has.Some.EqualTo($"lib/net10.0/{id}.xml"));
        using MemoryStream file = new();
        using (Stream entry = symbols.GetEntry($"lib/net10.0/{id}.pdb")!.Open())
        {
            entry.CopyTo(file);
        }

        file.Position = 0;
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(file);
        MetadataReader pdb = provider.GetMetadataReader();
        int sources = pdb.CustomDebugInformation.Count(
            one => pdb.GetGuid(pdb.GetCustomDebugInformation(one).Kind) == EmbeddedSource);
        Assert.That(sources, Is.EqualTo(pdb.Documents.Count));
    }

    private static ZipArchive Open(string id, string extension) => ZipFile.OpenRead(
        Directory.GetFiles(UserFolder.Feed, $"{id}.*.{extension}").Single(
            path => Path.GetFileName(path).StartsWith($"{id}.", StringComparison.Ordinal)
                && char.IsAsciiDigit(Path.GetFileName(path)[id.Length + 1])));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();
}
