namespace PacGen.Nn;

/// <summary>A dictionary of a pickle.</summary>
internal sealed class PickledMapping
{
    /// <summary>Keys and values, in the order in which they were set.</summary>
    public List<(object? Key, object? Value)> Items { get; } = [];

    /// <summary>The keys that are texts.</summary>
    public IEnumerable<string> Names => Items.Select(item => item.Key).OfType<string>();

    /// <summary>What was last set under a name; null where nothing was.</summary>
    public object? Find(string name) => Items.LastOrDefault(item => item.Key is string key && key == name).Value;
}

/// <summary>A tensor of a pickle: a view of a storage.</summary>
/// <param name="Storage">Where its elements are.</param>
/// <param name="Offset">The first one.</param>
/// <param name="Shape">Its extents.</param>
/// <param name="Strides">How far apart neighbours along each axis are, in elements.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides);

/// <summary>Elements in a file of the zip.</summary>
/// <param name="Type">Their type as safetensors spells it.</param>
/// <param name="Size">The bytes of one.</param>
/// <param name="Key">The file's name.</param>
/// <param name="Count">How many there are.</param>
internal sealed record PickledStorage(string Type, int Size, string Key, long Count);

/// <summary>A class or function that a pickle names, one of the few that are known.</summary>
/// <param name="Name">Module and name.</param>
internal sealed record PickledName(string Name);

/// <summary>A pickle that is damaged, or holds what isn't read; the message is a sentence.</summary>
internal sealed class PickleException(string message) : Exception(message);
