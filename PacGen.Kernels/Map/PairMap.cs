namespace PacGen.Kernels;

/// <summary>
/// A map whose numbers are rounded to bfloat16 and stored as pairs: each place of a float holds two neighbours of the last axis,
/// the first in its lower half. The output's shape counts those places: (…, C / 2) for numbers of shape (…, C), C a multiple of
/// 8, so that 16 bytes are eight numbers. What reads pairs is said by <see cref="Operation.ReadingPairs"/>.
/// </summary>
/// <param name="Expression">What is computed.</param>
/// <param name="Numbers">The shape of the numbers.</param>
public sealed record PairMap(Expression Expression, Shape Numbers) : Operation
{
    /// <summary>A multiple of which the last axis has to be: the numbers of 16 bytes.</summary>
    private const int Unit = 8;

    /// <summary>Whether numbers of a shape can be stored as pairs.</summary>
    /// <param name="numbers">Their shape.</param>
    public static bool Takes(Shape numbers)
    {
        return numbers.Rank > 0 && numbers[-1] % Unit == 0;
    }

    /// <summary>The shape of the places that numbers of a shape take as pairs.</summary>
    /// <param name="numbers">Their shape.</param>
    /// <exception cref="ShapeException">The last axis is no multiple of 8.</exception>
    public static Shape Places(Shape numbers) => Takes(numbers)
        ? Scaled(numbers, numbers[-1] / 2)
        : throw new ShapeException($"Numbers of shape {numbers} make no pairs: the last axis is no multiple of {Unit}.");

    /// <summary>The shape of the numbers that stand as pairs in places of a shape.</summary>
    /// <param name="places">The places' shape.</param>
    public static Shape NumbersIn(Shape places) => Scaled(places, places[-1] * 2);

    /// <inheritdoc/>
    public override string Name => $"{Expression} in bf16";

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs) => Places(new FusedMap(Expression, Numbers).Infer(inputs));

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: the CPU stores single precision.</exception>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        throw new NotSupportedException($"{Name}: the CPU stores no pairs of bfloat16.");

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">A tensor is too large for the kernel's counting, or stretched along too many
    /// axes.</exception>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        PairMapGpu.Create(device, this, BroadcastPlan.Create(Numbers, shapes), inputs.ToArray(), null, output);

    /// <summary>The same kernel, which stores the numbers in single precision too.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="inputs">The inputs' memory.</param>
    /// <param name="numbers">Where the numbers go in single precision; it may be the memory of an input of their shape.</param>
    /// <param name="output">Where the pairs go.</param>
    /// <inheritdoc cref="Bind(GpuDevice, ReadOnlySpan{Shape}, ReadOnlySpan{Region}, Region)"/>
    public Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region numbers, Region output) =>
        PairMapGpu.Create(device, this, BroadcastPlan.Create(Numbers, shapes), inputs.ToArray(), numbers, output);

    private static Shape Scaled(Shape shape, int last)
    {
        int[] extents = shape.AsSpan().ToArray();
        extents[^1] = last;
        return new Shape(extents);
    }
}
