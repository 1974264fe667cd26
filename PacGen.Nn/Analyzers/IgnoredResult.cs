using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace PacGen.Analyzers;

/// <summary>A tensor or sample set that a method returns is dropped, as if the method changed what it was called on.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class IgnoredResult : Rule
{
    /// <summary>Makes the rule.</summary>
    public IgnoredResult()
        : base(
            "PACGEN001", "The result of a method that changes nothing is not used",
            "'{0}' changes nothing: it returns a new {1}, which this line drops. Assign it, or remove the line.")
    {
    }

    private protected override void Register(CompilationStartAnalysisContext context, LibraryTypes types) =>
        context.RegisterOperationAction(
            found =>
            {
                // A lambda's body, such as that of a test that expects an exception, is an implicit one.
                if (!found.Operation.IsImplicit
                    && ((IExpressionStatementOperation)found.Operation).Operation is IInvocationOperation call
                    && call.TargetMethod is { } method && types.IsOwn(method)
                    && ((method.ReturnType as IArrayTypeSymbol)?.ElementType ?? method.ReturnType) is { } type
                    && (LibraryTypes.Is(type, types.Tensor) || LibraryTypes.Is(type, types.Samples)))
                {
                    found.ReportDiagnostic(At(call.Syntax.GetLocation(), method.Name, type.Name));
                }
            },
            OperationKind.ExpressionStatement);
}
