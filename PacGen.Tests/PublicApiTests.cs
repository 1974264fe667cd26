using System.Reflection;

namespace PacGen.Tests;

/// <summary>
/// The libraries offer what their <c>PublicApi.txt</c> says: a change of it is seen where it is made. A line that goes, or
/// changes, breaks programs, which below version 1 asks for a new minor version, from 1 on for a new major one.
/// </summary>
internal sealed class PublicApiTests
{
    private static readonly (string Assembly, string Folder)[] Libraries =
    [
        ("PacGen.Core", "PacGen.Core"), ("PacGen.Kernels", "PacGen.Kernels"), ("PacGen.Nn", "PacGen.Nn"),
        ("PacGen.Images", "PacGen.Nn/Images"), ("PacGen.Plots", "PacGen.Benchmarks/Plots"),
    ];

    private static IEnumerable<TestCaseData> Cases() =>
        Libraries.Select(one => new TestCaseData(one.Assembly, one.Folder).SetArgDisplayNames(one.Assembly));

    [TestCaseSource(nameof(Cases))]
    public void TheRecordedApiIsTheBuiltOne(string assembly, string folder)
    {
        string[] recorded = File.ReadAllLines(PathIn(folder)), built = [.. PublicApi.Of(Assembly.Load(assembly))];
        string[] gone = [.. recorded.Except(built)], added = [.. built.Except(recorded)];
        Assert.That(
            built, Is.EqualTo(recorded),
            $"Record it: dotnet cake --target=PublicApi\nGone:\n{string.Join('\n', gone)}\nNew:\n{string.Join('\n', added)}");
    }

    [Test]
    [Explicit("It writes the files: dotnet cake --target=PublicApi")]
    public void WritesTheFiles()
    {
        foreach ((string assembly, string folder) in Libraries)
        {
            File.WriteAllText(PathIn(folder), string.Concat(PublicApi.Of(Assembly.Load(assembly)).Select(line => $"{line}\n")));
        }
    }

    private static string PathIn(string folder) => Path.Combine(HouseTests.Root, folder, "PublicApi.txt");
}
