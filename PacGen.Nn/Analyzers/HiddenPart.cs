using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace PacGen.Analyzers;

/// <summary>
/// A module looks for its parts in its own fields, and in the arrays, lists and dictionaries that these hold; not in static
/// fields, tuples, lists of lists or lazy values.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HiddenPart : Rule
{
    /// <summary>Makes the rule.</summary>
    public HiddenPart()
        : base(
            "PACGEN003", "A layer or parameter is kept where the network does not find it",
            "'{0}' is {1}, where '{2}' does not look for its parts: what it holds is not trained. Use a field, an array or a " +
                "List of layers or parameters, or a class of its own that derives from Module.")
    {
    }

    private protected override void Register(CompilationStartAnalysisContext context, LibraryTypes types) =>
        context.RegisterSymbolAction(
            found =>
            {
                INamedTypeSymbol type = (INamedTypeSymbol)found.Symbol;
                if (!types.IsModule(type))
                {
                    return;
                }

                foreach (IFieldSymbol field in type.GetMembers().OfType<IFieldSymbol>())
                {
                    if (Place(field, types) is { } place)
                    {
                        ISymbol written = field.AssociatedSymbol ?? field;
                        found.ReportDiagnostic(At(written.Locations[0], written.Name, place, type.Name));
                    }
                }
            },
            SymbolKind.NamedType);

    /// <summary>What hides parts in a field, or null where there are none or they are found.</summary>
    private static string? Place(IFieldSymbol field, LibraryTypes types) =>
        field.IsStatic ? (Holds(field.Type, types) || Hides(field.Type, types) is not null ? "static" : null)
            : Hides(field.Type, types);

    /// <summary>Whether a value of the type is a part that has to be found, or a collection whose parts are.</summary>
    private static bool Holds(ITypeSymbol type, LibraryTypes types) =>
        IsMissed(type, types) || Elements(type).Any(one => IsMissed(one, types));

    private static bool IsMissed(ITypeSymbol type, LibraryTypes types) => types.IsPart(type) && !types.IsHarmless(type);

    private static string? Hides(ITypeSymbol type, LibraryTypes types)
    {
        if (Holds(type, types))
        {
            return null;
        }

        if (type is INamedTypeSymbol { IsTupleType: true } tuple)
        {
            return tuple.TupleElements.Any(element => HoldsOrHides(element.Type)) ? "a tuple" : null;
        }

        if (type is INamedTypeSymbol { Name: "Lazy", Arity: 1 } lazy)
        {
            return HoldsOrHides(lazy.TypeArguments[0]) ? "a lazy value" : null;
        }

        // A dictionary's values are looked at as fields are.
        return Elements(type).FirstOrDefault(HoldsOrHides) is not { } element ? null
            : Hides(element, types) ?? (IsDictionary(type) ? null : "a collection of collections");

        bool HoldsOrHides(ITypeSymbol one) => Holds(one, types) || (!SymbolEqualityComparer.Default.Equals(one, type)
            && Hides(one, types) is not null);
    }

    /// <summary>The types of what an array or generic collection holds.</summary>
    private static ImmutableArray<ITypeSymbol> Elements(ITypeSymbol type) =>
        type is IArrayTypeSymbol array ? ImmutableArray.Create(array.ElementType)
        : type is INamedTypeSymbol { IsGenericType: true } named && named.AllInterfaces.Add(named).Any(
            one => one.Name == "IEnumerable") ? named.TypeArguments
        : ImmutableArray<ITypeSymbol>.Empty;

    private static bool IsDictionary(ITypeSymbol type) => type.Name.EndsWith("Dictionary", System.StringComparison.Ordinal);
}
