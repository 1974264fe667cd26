using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace PacGen.Analyzers;

/// <summary>A mistake that compiles, and is looked for where PacGen.Nn is referred to.</summary>
public abstract class Rule : DiagnosticAnalyzer
{
    private readonly DiagnosticDescriptor descriptor;

    /// <summary>Makes the rule.</summary>
    /// <param name="id">Its number, such as PACGEN001.</param>
    /// <param name="title">The mistake, in a few words.</param>
    /// <param name="message">What is wrong and what to do, with places for the names in it.</param>
    private protected Rule(string id, string title, string message)
    {
        // A sentence with its end, as the library's own messages.
#pragma warning disable RS1032, RS1033
        descriptor = new DiagnosticDescriptor(id, title, message, "PacGen", DiagnosticSeverity.Warning, isEnabledByDefault: true);
#pragma warning restore RS1032, RS1033
        SupportedDiagnostics = ImmutableArray.Create(descriptor);
    }

    /// <inheritdoc/>
    public sealed override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; }

    /// <inheritdoc/>
    public sealed override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            if (LibraryTypes.Of(start.Compilation) is { } types)
            {
                Register(start, types);
            }
        });
    }

    /// <summary>Says what to look at.</summary>
    private protected abstract void Register(CompilationStartAnalysisContext context, LibraryTypes types);

    /// <summary>The rule's finding at a place.</summary>
    private protected Diagnostic At(Location place, params object[] names) => Diagnostic.Create(descriptor, place, names);
}
