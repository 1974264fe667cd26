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
                if (types.IsModule(type) && !types.IsHarmless(type!) && types.IsForward(found.ContainingSymbol))
                {
                    found.ReportDiagnostic(At(found.Operation.Syntax.GetLocation(), type!.Name));
                }
            },
            OperationKind.ObjectCreation);
}
