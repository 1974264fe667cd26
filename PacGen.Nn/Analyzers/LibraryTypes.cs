using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace PacGen.Analyzers;

/// <summary>The types of PacGen.Nn that rules speak of, as one compilation sees them.</summary>
internal sealed class LibraryTypes
{
    /// <summary>Layers without parameters that do the same in training and evaluation.</summary>
    private static readonly ImmutableHashSet<string> Harmless = ImmutableHashSet.Create(
        "Activation", "AdaptiveAvgPool2d", "AvgPool2d", "Elu", "Flatten", "Gelu", "GlobalAveragePool", "Hardswish", "LeakyRelu",
        "MaxPool2d", "Relu", "Sigmoid", "Silu", "Softplus", "Tanh");

    private readonly INamedTypeSymbol parameter, state;

    private LibraryTypes(
        INamedTypeSymbol module, INamedTypeSymbol tensor, INamedTypeSymbol samples, INamedTypeSymbol parameter,
        INamedTypeSymbol state)
    {
        (Module, Tensor, Samples, this.parameter, this.state) = (module, tensor, samples, parameter, state);
    }

    public INamedTypeSymbol Module { get; }

    public INamedTypeSymbol Tensor { get; }

    public INamedTypeSymbol Samples { get; }

    /// <summary>The types, or null where the compilation does not refer to PacGen.Nn.</summary>
    public static LibraryTypes? Of(Compilation compilation) =>
        compilation.GetTypeByMetadataName("PacGen.Nn.Module") is { } module
            && compilation.GetTypeByMetadataName("PacGen.Nn.Tensor") is { } tensor
            && compilation.GetTypeByMetadataName("PacGen.Nn.SampleSet") is { } samples
            && compilation.GetTypeByMetadataName("PacGen.Nn.Parameter") is { } parameter
            && compilation.GetTypeByMetadataName("PacGen.Nn.StateTensor") is { } state
            ? new LibraryTypes(module, tensor, samples, parameter, state) : null;

    /// <summary>Whether a type is a base or derives from it.</summary>
    public static bool Is(ITypeSymbol? type, ITypeSymbol of)
    {
        while (type is not null && !SymbolEqualityComparer.Default.Equals(type.OriginalDefinition, of))
        {
            type = type.BaseType;
        }

        return type is not null;
    }

    public bool IsModule(ITypeSymbol? type) => Is(type, Module);

    /// <summary>What a module looks for in its fields.</summary>
    public bool IsPart(ITypeSymbol type) => IsModule(type) || Is(type, parameter) || Is(type, state);

    /// <summary>Whether a layer is the same wherever it is kept: without parameters, and the same in training.</summary>
    public bool IsHarmless(ITypeSymbol type) => Harmless.Contains(type.Name)
        && SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, Module.ContainingAssembly);

    /// <summary>Whether a member is a module's way from the input to the output.</summary>
    public bool IsForward(ISymbol member) => member is IMethodSymbol { Name: "Forward", IsOverride: true } && IsModule(
        member.ContainingType);

    /// <summary>Whether a method is the library's, or overrides one of it.</summary>
    public bool IsOwn(IMethodSymbol method)
    {
        while (method.OverriddenMethod is { } overridden)
        {
            method = overridden;
        }

        return SymbolEqualityComparer.Default.Equals(method.ContainingAssembly, Module.ContainingAssembly);
    }
}
