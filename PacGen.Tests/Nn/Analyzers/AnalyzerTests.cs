using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using PacGen.Analyzers;

namespace PacGen.Tests.Nn;

/// <summary>Each rule finds its mistake, marked here by <c>!</c> before the line, and nothing beside it.</summary>
internal sealed class AnalyzerTests
{
    private static readonly Lazy<MetadataReference[]> References = new(() =>
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal)
                || Path.GetFileName(path) is "netstandard.dll" or "PacGen.Core.dll" or "PacGen.Kernels.dll" or "PacGen.Nn.dll")
            .Select(path => MetadataReference.CreateFromFile(path)),
    ]);

    [Test]
    public void AResultThatIsNotUsed() => Check<IgnoredResult>("""
        class Net : Module
        {
            readonly Linear linear = new(4, 2);
            public override Tensor Forward(Tensor x)
            {
        !       x.Relu();
        !       linear.Forward(x);
        !       x.Split(0, 2);
                x = x.Tanh();
                _ = x.Exp();
                Keep(x);
                return x;
            }

            Tensor Keep(Tensor x) => x;

            static void Fewer(Dataset data)
            {
        !       data.Train.Take(100);
                data.ToString();
                Datasets.Digits();
                Throws(() => data.Train.Take(-1));
            }

            static void Throws(Action action) => action();
        }
        """);

    [Test]
    public void ALayerMadeInForward() => Check<LayerInForward>("""
        class Net : Module
        {
            readonly Linear linear = new(4, 2);
            public Net() { linear = new Linear(4, 2); }
            public override Tensor Forward(Tensor x)
            {
        !       x = new Dropout(0.5).Forward(x);
        !       Func<Tensor, Tensor> second = y => new Linear(2, 2).Forward(y);
                return second(new Relu().Forward(linear.Forward(x)));
            }
        }
        """);

    [Test]
    public void PartsThatAreNotFound() => Check<HiddenPart>("""
        class Net : Module
        {
        !   static readonly Linear shared = new(4, 2);
        !   readonly (Linear, Linear) pair = (new(4, 4), new(4, 4));
        !   readonly Lazy<Linear> later = new(() => new(4, 2));
        !   readonly List<List<Linear>> rows = [];
        !   readonly Linear[][] grid = [];
        !   Lazy<Module> Wrapped { get; } = new();
            static readonly Relu act = new();
            readonly (Tanh, MaxPool2d)? plain;
            readonly List<List<Flatten>> shapes = [];
            readonly List<Linear> list = [];
            readonly Linear[] array = [];
            readonly IReadOnlyList<Module> modules = [];
            readonly Dictionary<string, Linear> named = [];
            readonly Dictionary<string, List<Linear>> groups = [];
        !   readonly Dictionary<string, (Linear, Linear)> pairs = [];
            readonly Tensor? constant;
            readonly string name = "";
            readonly int[] sizes = [];
            Linear First { get; } = new(4, 2);
            public override Tensor Forward(Tensor x) => x;
        }

            class Other { static readonly Linear linear = new(4, 2); readonly (Linear, int) pair; }
        """);

    [Test]
    public void ASoftmaxForTheLoss() => Check<SoftmaxOutput>("""
        class Net : Module
        {
            readonly Linear linear = new(4, 2);
        !   public override Tensor Forward(Tensor x) => linear.Forward(x).Softmax();
        }

        class Two : Module
        {
            public override Tensor Forward(Tensor x)
            {
                Tensor weights = x.Softmax();
        !       if (weights.Shape.Rank > 2) { return x.Softmax(1); }
                return weights * x;
            }

            Tensor Gate(Tensor x) => x.Softmax();
        }
        """);

    [Test]
    public void RandomNumbersWithoutASeed() => Check<UnseededRandom>("""
        class Net : Module
        {
        !   readonly Random random = new();
            readonly Random seeded = new(7);
            readonly Linear linear = new(4, 2);
        !   public override Tensor Forward(Tensor x) => linear.Forward(x) * (float)Random.Shared.NextDouble();
        }

        class Other { readonly Random random = new(); }
        """);

    /// <summary>A page has each rule's number.</summary>
    [Test]
    public void ThePageNamesEachRule()
    {
        string page = File.ReadAllText(Path.Combine(HouseTests.Root, "docs", "mistakes.md"));
        IEnumerable<DiagnosticDescriptor> rules = typeof(Rule).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(Rule)))
            .Select(type => ((Rule)Activator.CreateInstance(type)!).SupportedDiagnostics[0]);
        Assert.That(rules.Select(rule => rule.Id), Is.Unique);
        Assert.That(rules.Select(rule => rule.Id).Where(id => !page.Contains($"| {id} |", StringComparison.Ordinal)), Is.Empty);
    }

    private static void Check<TRule>(string code)
        where TRule : Rule, new()
    {
        string[] lines = code.Split('\n');
        int[] expected = [.. Enumerable.Range(0, lines.Length).Where(i => lines[i].StartsWith('!'))];
        SyntaxTree[] trees =
        [
            CSharpSyntaxTree.ParseText(string.Join('\n', lines.Select(line => line.TrimStart('!')))),
            CSharpSyntaxTree.ParseText("global using System; global using System.Collections.Generic; global using PacGen.Nn;"),
        ];
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Trial", trees, References.Value,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        Assert.That(
            compilation.GetDiagnostics().Where(one => one.Severity == DiagnosticSeverity.Error).Select(one => one.ToString()),
            Is.Empty);
        Diagnostic[] found =
            [.. compilation.WithAnalyzers([new TRule()]).GetAnalyzerDiagnosticsAsync().GetAwaiter().GetResult()];
        Assert.That(
            found.Select(one => one.Location.GetLineSpan().StartLinePosition.Line).Order(), Is.EqualTo(expected),
            string.Join('\n', found.Select(one => one.ToString())));
        Assert.That(found.Select(one => one.Id).Distinct(), Is.EqualTo(new[] { new TRule().SupportedDiagnostics[0].Id }));
    }
}
