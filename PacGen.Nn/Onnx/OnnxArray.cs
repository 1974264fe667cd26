namespace PacGen.Nn;

/// <summary>An array of numbers that an ONNX file holds, or that follows from what it holds without any example.</summary>
/// <param name="Dims">The extents, outermost first; empty for a single number, and 0 is allowed.</param>
/// <param name="Values">The elements in row-major order. Those of whole types beyond 2⁵³ are rounded: they mean "to the
/// end".</param>
/// <param name="Whole">Whether the elements are whole numbers or truth values, not floats.</param>
internal sealed record OnnxArray(int[] Dims, double[] Values, bool Whole)
{
    /// <summary>The most elements that are computed of what a file holds: shapes and the like are small.</summary>
    public const int MostComputed = 1 << 22;

    /// <summary>The number of elements.</summary>
    public int Count => Values.Length;

    /// <summary>A list of whole numbers.</summary>
    public static OnnxArray Of(params IReadOnlyList<long> values) =>
        new([values.Count], [.. values.Select(value => (double)value)], true);

    /// <summary>The elements as whole numbers.</summary>
    public int[] Integers => Array.ConvertAll(Values, value => (int)Math.Clamp(value, int.MinValue, int.MaxValue));

    /// <summary>The elements in single precision.</summary>
    public float[] Floats => Array.ConvertAll(Values, value => (float)value);

    /// <summary>The only element.</summary>
    /// <exception cref="CheckpointException">There are more or none.</exception>
    public double Single => Values.Length == 1 ? Values[0]
        : throw new CheckpointException($"({string.Join(", ", Dims)}) numbers are given where one is needed.");

    /// <summary>The number of elements of some extents.</summary>
    /// <exception cref="CheckpointException">It is negative or beyond what is computed.</exception>
    public static int CountOf(ReadOnlySpan<int> dims)
    {
        long count = 1;
        foreach (int extent in dims)
        {
            count = extent < 0 || count > MostComputed ? -1 : count * extent;
        }

        return count is >= 0 and <= MostComputed ? (int)count : throw new CheckpointException(
            $"An array of ({string.Join(", ", dims.ToArray())}) would have to be computed, and at most {MostComputed} elements " +
                $"are.");
    }

    /// <summary>The same elements with the axes in another order: axis i of the result is axis order[i] of this.</summary>
    public OnnxArray Permuted(int[] order)
    {
        int[] dims = Array.ConvertAll(order, axis => Dims[axis]);
        double[] values = new double[Values.Length];
        int[] places = AxisOrder.Places(Dims, order);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Values[places[i]];
        }

        return new OnnxArray(dims, values, Whole);
    }
}
