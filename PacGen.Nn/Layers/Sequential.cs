namespace PacGen.Nn;

/// <summary>Modules one after the other.</summary>
/// <param name="layers">The modules, first to last.</param>
public sealed class Sequential(params Module[] layers) : Module
{
    private readonly Module[] layers = layers;

    /// <summary>The modules, first to last.</summary>
    public IReadOnlyList<Module> Layers => layers;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => layers.Aggregate(x, (y, layer) => layer.Apply(y));
}
