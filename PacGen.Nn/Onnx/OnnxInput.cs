namespace PacGen.Nn;

/// <summary>An input or output of a graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements, as ONNX numbers them; 1 for FLOAT.</param>
/// <param name="Dims">Its extents, null for one that is open; null where the file does not say how many there are.</param>
internal sealed record OnnxInput(string Name, int Type, IReadOnlyList<int?>? Dims);
