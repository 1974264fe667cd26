using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace PacGen.Analyzers;

/// <summary>A network ends in a softmax, which the loss takes once more: it learns slowly and never gets sure.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SoftmaxOutput : Rule
{
    /// <summary>Makes the rule.</summary>
    public SoftmaxOutput()
        : base(
            "PACGEN004", "A network's output is a softmax",
            "Forward returns a softmax, and the loss takes the softmax of what it is given: return the logits, the numbers " +
                "before it. Where '{0}' is a part of a network and its output no loss's input, suppress this.")
    {
    }

    private protected override void Register(CompilationStartAnalysisContext context, LibraryTypes types) =>
        context.RegisterOperationAction(
            found =>
            {
                if (types.IsForward(found.ContainingSymbol)
                    && ((IReturnOperation)found.Operation).ReturnedValue is IInvocationOperation { TargetMethod: { } method } call
                    && method.Name == "Softmax" && LibraryTypes.Is(method.ContainingType, types.Tensor))
                {
                    found.ReportDiagnostic(At(call.Syntax.GetLocation(), found.ContainingSymbol.ContainingType.Name));
                }
            },
            OperationKind.Return);
}
