namespace PacGen.Nn;

/// <summary>An array of an ONNX file: a weight, or a number that a node is set by.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dims">Its extents, outermost first.</param>
/// <param name="Whole">Whether its elements are whole numbers or truth values.</param>
/// <param name="Values">Its elements in row-major order; null where they are elsewhere.</param>
internal sealed record OnnxInitializer(string Name, int[] Dims, bool Whole, double[]? Values)
{
    /// <summary>The elements; zeros where they are elsewhere.</summary>
    public double[] Numbers() => Values ?? new double[Dims.Aggregate(1, (count, extent) => count * extent)];
}
