using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace PacGen.Analyzers;

/// <summary>
/// A layer made in <c>Forward</c> is no part of the network: its parameters have no values, and dropout made there does nothing,
/// for nobody tells it that the network is being trained.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class LayerInForward : Rule
{
    /// <summary>Layers without parameters that do the same in training and evaluation.</summary>
    private static readonly ImmutableHashSet<string> Harmless = ImmutableHashSet.Create(
        "Activation", "AdaptiveAvgPool2d", "AvgPool2d", "Elu", "Flatten", "Gelu", "GlobalAveragePool", "Hardswish", "LeakyRelu",
        "MaxPool2d", "Relu", "Sigmoid", "Silu", "Softplus", "Tanh");

    /// <summary>Makes the rule.</summary>
    public LayerInForward()
        : base(
            "PACGEN002", "A layer is made in Forward",
            "'{0}' is made in Forward and so is no part of the network: it is not trained, and does not know whether the " +
                "network is. Keep it in a field.")
    {
    }

    private protected override void Register(CompilationStartAnalysisContext context, LibraryTypes types) =>
        context.RegisterOperationAction(
            found =>
            {
                ITypeSymbol? type = found.Operation.Type;
                bool isHarmless = type is not null && Harmless.Contains(type.Name)
                    && SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, types.Module.ContainingAssembly);
                if (types.IsModule(type) && !isHarmless && types.IsForward(found.ContainingSymbol))
                {
                    found.ReportDiagnostic(At(found.Operation.Syntax.GetLocation(), type!.Name));
                }
            },
            OperationKind.ObjectCreation);
}
