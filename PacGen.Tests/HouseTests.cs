using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace PacGen.Tests;

/// <summary>The house itself: what may use what, and documents that point at things that exist.</summary>
internal sealed partial class HouseTests
{
    /// <summary>The repository's folder.</summary>
    internal static readonly string Root = FindRoot();

    [TestCase("PacGen.Core")]
    [TestCase("PacGen.Kernels", "PacGen.Core")]
    [TestCase("PacGen.Nn", "PacGen.Core", "PacGen.Kernels")]
    [TestCase("PacGen.Images", "PacGen.Nn")]
    [TestCase("PacGen.Plots", "PacGen.Core", "PacGen.Kernels", "PacGen.Nn")]
    [TestCase("pacgen", "PacGen.Core", "PacGen.Kernels", "PacGen.Nn", "PacGen.Plots")]
    public void AProjectUsesOnlyThoseBelowIt(string project, params string[] below)
    {
        IEnumerable<string> own = Uses(project).Where(name => name.StartsWith("pacgen", StringComparison.OrdinalIgnoreCase));
        Assert.That(own, Is.SubsetOf(below));
    }

    [TestCase("PacGen.Core")]
    [TestCase("PacGen.Nn")]
    [TestCase("PacGen.Images")]
    [TestCase("PacGen.Plots")]
    [TestCase("pacgen")]
    public void OnlyKernelsUsesIlgpu(string project) =>
        Assert.That(Uses(project), Has.None.StartsWith("ILGPU"));

    /// <summary>
    /// PacGen.Tests.Outside sees what a user sees; the simulator's own assembly needs kernels' argument types, and the program
    /// draws its own pictures with the parts of PacGen.Plots.
    /// </summary>
    [TestCase("PacGen.Core")]
    [TestCase("PacGen.Kernels")]
    [TestCase("PacGen.Nn")]
    [TestCase("PacGen.Images")]
    [TestCase("PacGen.Plots", "pacgen")]
    [TestCase("pacgen")]
    [TestCase("PacGen.Tests")]
    public void InternalsAreShownToNobodyElse(string project, params string[] others)
    {
        IEnumerable<string> friends = Assembly.Load(project).GetCustomAttributes<InternalsVisibleToAttribute>().Select(
            friend => friend.AssemblyName);
        Assert.That(friends, Is.SubsetOf(new[] { "PacGen.Tests", "ILGPURuntime" }.Concat(others)));
    }

    /// <summary>Neither its project nor its sources ask for more than a user has.</summary>
    [Test]
    public void TheTestsFromOutsideOpenNothing()
    {
        string folder = Path.Combine(Root, "PacGen.Tests", "Outside");
        IEnumerable<string> files = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Append(Path.Combine(folder, "PacGen.Tests.Outside.csproj"))
            .Where(path => !Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar).Any(
                part => part is "obj" or "bin"));
        Assert.That(
            files.Where(path => OpensInternals().IsMatch(File.ReadAllText(path))).Select(
                path => Path.GetRelativePath(Root, path)),
            Is.Empty);
    }

    /// <summary>In source text too. A test of PacGen.Kernels' own may: one makes a kernel that doesn't compile.</summary>
    [Test]
    public void NoSourceOutsideKernelsUsesIlgpu() => Assert.That(
        Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(Root, path).Split(Path.DirectorySeparatorChar).Any(
                part => part is "PacGen.Kernels" or "Kernels" or "obj" or "bin" or "artifacts"))
            .Where(path => File.ReadLines(path).Any(
                line => line.StartsWith("using ", StringComparison.Ordinal) && line.Contains("ILGPU", StringComparison.Ordinal)))
            .Select(path => Path.GetRelativePath(Root, path)),
        Is.Empty);

    /// <summary>A build gives the same bytes wherever the clone lies; in Debug, paths stay for the debugger.</summary>
    [TestCase("PacGen.Core")]
    [TestCase("PacGen.Kernels")]
    [TestCase("PacGen.Nn")]
    [TestCase("PacGen.Images")]
    [TestCase("PacGen.Plots")]
    [TestCase("pacgen")]
    public void AReleaseHoldsNoPathOfThisMachine(string project)
    {
        Assembly assembly = Assembly.Load(project);
        Assume.That(assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration, Is.EqualTo("Release"));
        Assert.That(
            File.ReadAllBytes(assembly.Location).AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(Root)), Is.EqualTo(-1));
    }

    /// <summary>
    /// What a person prints reads well: the compiler's text of a record shows lists by their type and numbers in the machine's
    /// culture. Options, settings and reports of progress are not what a measurement or a run gives.
    /// </summary>
    [TestCase("PacGen.Core")]
    [TestCase("PacGen.Nn")]
    public void ResultsPrintAsText(string project) => Assert.That(
        Assembly.Load(project).GetExportedTypes()
            .Where(type => type.GetMethod(
                "PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) is not null)
            .Where(type => !type.IsAbstract
                && !Regex.IsMatch(type.Name, "(Options|Settings|Progress|Layout|Rule|^AlgorithmOne|^TermSums)$"))
            .Where(type => type.GetProperties().Any(property => property.PropertyType == typeof(double)
                || (property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(
                    typeof(System.Collections.IEnumerable)))))
            .Where(type => type.GetMethod(nameof(ToString), Type.EmptyTypes) is not { } text
                || text.DeclaringType == typeof(object)
                    || text.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute), inherit: false))
            .Select(type => type.Name),
        Is.Empty);

    /// <summary>A package's new advisory, or no network to ask for any, is reported and breaks no build.</summary>
    [Test]
    public void AuditsOfPackagesAreNoErrors()
    {
        string properties = File.ReadAllText(Path.Combine(Root, "Directory.Build.props"));
        Assert.That(
            Enumerable.Range(1900, 6).Select(n => $"NU{n}").Where(code => !properties.Contains(code, StringComparison.Ordinal)),
            Is.Empty);
    }

    /// <summary>
    /// PacGen.Kernels, PacGen.Nn and the packages in folders are flat, as are the tests of each project; in the other projects
    /// namespaces follow the folders.
    /// </summary>
    [Test]
    public void NamespacesGoOneWayInEachProject() => Assert.That(
        from source in Sources
        let own = OwnNamespace().Match(File.ReadAllText(source.Path)).Groups[1].Value
        where own.Length > 0 && own != Expected(source.Name.Split('/')[..^1])
        select $"{source.Name}: {own}",
        Is.Empty);

    /// <summary>Columns are counted in characters. Raw string literals hold texts and files as they are.</summary>
    [Test]
    public void LinesHaveAtMost130Columns() => Assert.That(
        from source in Sources
        from line in Wide(File.ReadAllLines(source.Path))
        select $"{source.Name}:{line}",
        Is.Empty);

    [Test]
    public void NoTwoPublicTypesHaveOneName() => Assert.That(
        new[] { "PacGen.Core", "PacGen.Kernels", "PacGen.Nn", "PacGen.Images", "PacGen.Plots" }
            .SelectMany(project => Assembly.Load(project).GetExportedTypes())
            .Where(type => !type.IsNested).GroupBy(type => type.Name).Where(types => types.Count() > 1).Select(
                types => types.Key),
        Is.Empty);

    [TestCaseSource(nameof(Documents))]
    public void LinksLeadToFilesThatExist(string document)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Root, document))!;
        IEnumerable<string> targets = Link().Matches(File.ReadAllText(Path.Combine(Root, document))).Select(
            match => match.Groups[1].Value);
        Assert.That(targets.Where(target => !Path.Exists(Path.Combine(folder, target))), Is.Empty);
    }

    [Test]
    public void ThePaperMapHasEveryNumberedItem()
    {
        string map = File.ReadAllText(Path.Combine(Root, "docs", "paper-to-code.md"));
        string[] items =
        [
            .. Enumerable.Range(1, 33).Select(n => n is 26 or 27 ? "(25) to (28)" : $"({n})"),
            .. Enumerable.Range(1, 7).Select(n => $"Figure {n}"),
            "Theorem 1", "Definition 2", "Definition 3", "Definition 4", "Lemma 5", "Lemma 6", "Theorem 7", "Lemma 8", "Lemma 9",
            "Algorithm 1",
        ];
        string[] rows = [.. map.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(
            line => line.Split(" | ")[0])];
        Assert.That(items.Where(item => !rows.Any(row => row.Contains(item, StringComparison.Ordinal))), Is.Empty);
    }

    private static IEnumerable<string> Documents() =>
        Directory.GetFiles(Root, "*.md")
            .Concat(Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Root, file));

    private static IEnumerable<string> Uses(string project) =>
        Assembly.Load(project).GetReferencedAssemblies().Select(name => name.Name!);

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "PacGen.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} has PacGen.slnx.");
    }

    /// <summary>The target of a Markdown link to a file of the repository; not of one to the web or within the page.</summary>
    [GeneratedRegex(@"\]\((?![a-z]+:|#)([^)#\s]+)(?:#[^)\s]*)?\)")]
    private static partial Regex Link();

    /// <summary>The ways past an internal member: an attribute, reflection, unsafe accessors.</summary>
    [GeneratedRegex(@"InternalsVisibleTo|IgnoresAccessChecksTo|UnsafeAccessor|BindingFlags\.NonPublic|<AssemblyName>")]
    private static partial Regex OpensInternals();

    private static IEnumerable<(string Name, string Path)> Sources =>
        Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Name: Path.GetRelativePath(Root, path).Replace(Path.DirectorySeparatorChar, '/'), path))
            .Where(source => !source.Name.Split('/').Any(part => part is "obj" or "bin" or "artifacts" or "tools"));

    private static string Expected(string[] folders) => folders switch
    {
        ["PacGen.Nn", "Images", ..] => "PacGen.Images",
        ["PacGen.Nn", "Analyzers", ..] => "PacGen.Analyzers",
        ["PacGen.Benchmarks", "Plots", ..] => "PacGen.Plots",
        ["PacGen.Kernels" or "PacGen.Nn", ..] => folders[0],
        ["PacGen.Tests", var project, ..] => $"PacGen.Tests.{project}",
        _ => string.Join('.', folders),
    };

    private static IEnumerable<int> Wide(string[] lines)
    {
        const int Columns = 130;
        bool raw = false;
        for (int i = 0; i < lines.Length; i++)
        {
            int quotes = RawQuotes().Count(lines[i]);
            if (!raw && quotes == 0 && lines[i].EnumerateRunes().Count() > Columns)
            {
                yield return i + 1;
            }

            raw ^= quotes % 2 == 1;
        }
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex OwnNamespace();

    [GeneratedRegex("\"{3,}")]
    private static partial Regex RawQuotes();
}
