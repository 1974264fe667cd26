namespace PacGen.Kernels;

/// <summary>
/// A product or convolution of pairs of bfloat16 in a GPU's memory, as <see cref="PairMap"/> stores them, with the bits that the
/// product in <see cref="Precision.BFloat16"/> has of the same numbers in single precision.
/// </summary>
/// <param name="Product">The product of the numbers.</param>
internal sealed record PairProduct(ProductOperation Product) : ProductOperation
{
    /// <inheritdoc/>
    public override string Name => $"{Product.Name} of bf16 in memory";

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs) => Product.Infer(Numbers(inputs));

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: the CPU stores single precision.</exception>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        throw new NotSupportedException($"{Name}: the CPU stores no pairs of bfloat16.");

    /// <inheritdoc/>
    internal override bool GathersMoments(GpuDevice device, ReadOnlySpan<Shape> shapes) =>
        Product.GathersMoments(device, Numbers(shapes));

    /// <inheritdoc/>
    internal override Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output, ProductEpilogue? epilogue) =>
        (Product with { ReadsPairs = true }).Bind(device, Numbers(shapes), inputs, output, epilogue);

    private static Shape[] Numbers(ReadOnlySpan<Shape> places)
    {
        Shape[] numbers = new Shape[places.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = PairMap.NumbersIn(places[i]);
        }

        return numbers;
    }
}
