namespace PacGen.Nn;

/// <summary>A layer's weights in the arena: those of one module, such as <c>conv1</c>'s weight and bias.</summary>
/// <param name="Name">The module's name, or the parameter's where it has none.</param>
/// <param name="Start">The first weight.</param>
/// <param name="Count">How many.</param>
internal readonly record struct Layer(string Name, int Start, int Count)
{
    /// <summary>The layers of a network, in its order.</summary>
    public static IReadOnlyList<Layer> Of(ParameterArena arena)
    {
        List<Layer> layers = [];
        int start = 0;
        foreach (Parameter parameter in arena.Parameters)
        {
            string name = NonFiniteOrigin.ModuleOf(parameter.Name) ?? parameter.Name;
            int count = checked((int)parameter.Shape.Count);
            if (layers.Count > 0 && layers[^1].Name == name)
            {
                layers[^1] = layers[^1] with { Count = layers[^1].Count + count };
            }
            else
            {
                layers.Add(new Layer(name, start, count));
            }

            start += count;
        }

        return layers;
    }

    /// <summary>What a measure says of each layer.</summary>
    public static IReadOnlyList<LayerValue> Values(ParameterArena arena, Func<Layer, double> value) =>
        [.. Of(arena).Select(layer => new LayerValue(layer.Name, value(layer)))];

    /// <summary>The layer's part of numbers of the arena's layout.</summary>
    public Span<double> Of(Span<double> all) => all.Slice(Start, Count);

    /// <summary>The sum of its part.</summary>
    public double Sum(ReadOnlySpan<double> all)
    {
        double sum = 0;
        foreach (double value in all.Slice(Start, Count))
        {
            sum += value;
        }

        return sum;
    }
}
