using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace PacGen.Analyzers;

/// <summary>Random numbers without a seed in a layer, data set or noise: no run can be repeated, and no score checked.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnseededRandom : Rule
{
    /// <summary>Makes the rule.</summary>
    public UnseededRandom()
        : base(
            "PACGEN005", "Random numbers without a seed",
            "'{0}' draws other numbers in each run, so '{1}' has no result that can be repeated. Give a seed: new Random(seed).")
    {
    }

    private protected override void Register(CompilationStartAnalysisContext context, LibraryTypes types)
    {
        if (context.Compilation.GetTypeByMetadataName("System.Random") is not { } random)
        {
            return;
        }

        context.RegisterOperationAction(
            found =>
            {
                string? written = found.Operation switch
                {
                    IObjectCreationOperation { Arguments.Length: 0 } made when IsRandom(made.Type) => "new Random()",
                    IPropertyReferenceOperation { Property: { Name: "Shared" } shared } when IsRandom(shared.ContainingType) =>
                        "Random.Shared",
                    _ => null,
                };
                if (written is not null && Outermost(found.ContainingSymbol) is { } type && IsExtension(type))
                {
                    found.ReportDiagnostic(At(found.Operation.Syntax.GetLocation(), written, type.Name));
                }
            },
            OperationKind.ObjectCreation, OperationKind.PropertyReference);

        bool IsRandom(ITypeSymbol? type) => SymbolEqualityComparer.Default.Equals(type, random);

        // A layer, a data set, or a rule or noise of the library's interfaces.
        bool IsExtension(INamedTypeSymbol type) => types.IsModule(type) || LibraryTypes.Is(type, types.Samples)
            || type.AllInterfaces.Any(one => one.ContainingNamespace.ToDisplayString() is "PacGen.Core.Perturbation"
                or "PacGen.Core.Optimization");

        static INamedTypeSymbol? Outermost(ISymbol symbol)
        {
            INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol.ContainingType;
            while (type?.ContainingType is { } outer)
            {
                type = outer;
            }

            return type;
        }
    }
}
