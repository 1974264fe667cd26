namespace PacGen.Kernels;

/// <summary>
/// Each column's moments of a product's or convolution's result (…, C), which a GPU's kernel gathers as it stores that: of 64
/// rows each the mean's distance from the number of the first of them, and the sum of the squares about the mean, a tensor
/// (2, ⌈rows/64⌉, C). <see cref="ColumnPassKind.GatheredMoments"/> joins them. Its inputs are the product's.
/// </summary>
/// <param name="Product">The product.</param>
public sealed record ProductMoments(Operation Product) : Operation
{
    /// <summary>The rows of a part: those that a warp has.</summary>
    internal const int PartRows = 64;

    /// <inheritdoc/>
    public override string Name => "its moments";

    /// <summary>A product's moments; null where its kernel gathers none.</summary>
    /// <param name="product">The product.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="shapes">Its inputs' shapes.</param>
    public static ProductMoments? Of(Operation product, Device device, ReadOnlySpan<Shape> shapes)
    {
        bool gathers = device is GpuDevice { GathersMoments: true } gpu && product switch
        {
            FusedProduct { StoresPairs: false } fused => fused.Product.GathersMoments(gpu, shapes[..2]),
            ProductOperation plain => plain.GathersMoments(gpu, shapes),
            _ => false,
        };
        return gathers ? new ProductMoments(product) : null;
    }

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs) => PartsOf(Product.Infer(inputs));

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: the CPU gathers no moments.</exception>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        throw new NotSupportedException($"{Product.Name}: the CPU gathers no moments of products.");

    /// <summary>The product's kernel, which stores the moments too.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="inputs">The inputs' memory.</param>
    /// <param name="output">The memory of the product's result.</param>
    /// <param name="moments">That of the moments.</param>
    /// <exception cref="NotSupportedException">A tensor is too large for the kernel's counting.</exception>
    /// <exception cref="ArgumentException"><see cref="Of"/> has no such kernel on the device.</exception>
    public Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output, Region moments)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (Of(Product, device, shapes) is null)
        {
            throw new ArgumentException($"{device.Name} gathers no moments of {Product.Name}.", nameof(device));
        }

        (ProductOperation product, Expression made, Shape target) = Product is FusedProduct fused
            ? (fused.Product, fused.Epilogue, fused.Target)
            : ((ProductOperation)Product, Expression.Argument(0), Product.Infer(shapes));
        return product.Bind(
            device, shapes[..2], inputs[..2], output,
            ProductEpilogue.Create(made, target, shapes[2..], inputs[2..], moments: moments));
    }

    /// <summary>The parts of so many rows.</summary>
    internal static int Parts(int rows) => (rows + PartRows - 1) / PartRows;

    /// <summary>The shape of the moments of a tensor (…, C).</summary>
    internal static Shape PartsOf(Shape numbers) => new(2, Parts((int)(numbers.Count / numbers[-1])), numbers[-1]);
}
