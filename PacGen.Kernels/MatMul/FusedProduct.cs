namespace PacGen.Kernels;

/// <summary>
/// y = e(p, x₁, x₂, …): a product or convolution p, of which no more is in memory than what an elementwise expression makes of
/// it. The first two inputs are the product's, the others x₁, x₂, …, each of y's shape, a number for each index of its last axis,
/// or one number. The bits are those of the product and the map one after the other.
/// </summary>
/// <remarks>
/// A GPU computes the expression in the product's kernel, as it stores; where the sums are taken in parts, or by cuBLAS, in a map
/// behind it, in place. The CPU has that map always.
/// </remarks>
/// <param name="Product">The product.</param>
/// <param name="Epilogue">The expression; argument 0 is the product's number.</param>
/// <param name="Target">The shape of y, with as many elements as the product.</param>
public sealed record FusedProduct(ProductOperation Product, Expression Epilogue, Shape Target) : Operation
{
    /// <summary>
    /// Whether y is rounded to bfloat16 and stored as pairs, as <see cref="PairMap"/> does, on a GPU alone: its shape is then
    /// that of their places.
    /// </summary>
    public bool StoresPairs { get; init; }

    /// <inheritdoc/>
    public override string Name =>
        $"{Product.Name}{(Epilogue.Size == 0 ? "" : $", {Epilogue}")}{(StoresPairs ? " in bf16" : "")}";

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        if (inputs.Length < 2 || inputs.Length != Epilogue.Arity + 1)
        {
            throw new ShapeException($"{Name} takes {Epilogue.Arity + 1} inputs, not {inputs.Length}.");
        }

        if (Epilogue.Arity - 1 > OtherArguments.Most)
        {
            throw new ShapeException(
                $"{Name}: an expression behind a product has at most {OtherArguments.Most} further arguments.");
        }

        Shape product = Product.Infer(inputs[..2]);
        if (Target.Rank == 0 || product.Count != Target.Count || product[-1] != Target[-1])
        {
            throw new ShapeException($"{Name}: a product of shape {product} does not become one of {Target}.");
        }

        foreach (Shape other in inputs[2..])
        {
            if (!ExpressionArgument.Reads(Target, other))
            {
                throw new ShapeException(
                    $"{Name}: an argument of shape {other} is neither of {Target}, nor of its last axis, nor one number.");
            }
        }

        Shape numbers = new FusedMap(Epilogue, Target).Infer([Target, .. inputs[2..]]);
        return StoresPairs ? PairMap.Places(numbers) : numbers;
    }

    /// <inheritdoc/>
    public override Operation? ReadingPairs(Device device, ReadOnlySpan<Shape> inputs) =>
        Product.ReadingPairs(device, inputs[..2]) is ProductOperation product ? this with { Product = product } : null;

    /// <inheritdoc/>
    public override long KernelBytes(CpuDevice device, ReadOnlySpan<Shape> shapes) => Product.KernelBytes(device, shapes[..2]);

    /// <inheritdoc/>
    public override long SharedBytes(CpuDevice device, ReadOnlySpan<Shape> shapes) => Product.SharedBytes(device, shapes[..2]);

    /// <inheritdoc/>
    public override long SharedBytes(GpuDevice device, ReadOnlySpan<Shape> shapes) => Product.SharedBytes(device, shapes[..2]);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">It stores pairs.</exception>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        if (StoresPairs)
        {
            throw new NotSupportedException($"{Name}: the CPU stores no pairs of bfloat16.");
        }

        using LaunchParts parts = new(device);
        parts.Add(Product.Bind(device, shapes[..2], inputs[..2], output));
        parts.Add(new FusedMap(Epilogue, Target).Bind(
            device, [Target, .. shapes[2..]], [output, .. inputs[2..]], output));
        return parts.ToLaunch();
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">A tensor is too large for the kernel's counting, or pairs are to be stored of a
    /// product that is not one in bfloat16.</exception>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Bind(device, shapes, inputs, output, StoresPairs ? output : null);

    /// <summary>The same kernel, which stores y in single precision and as pairs.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="inputs">The inputs' memory.</param>
    /// <param name="numbers">Where y goes in single precision.</param>
    /// <param name="pairs">Where the pairs go.</param>
    /// <inheritdoc cref="Bind(GpuDevice, ReadOnlySpan{Shape}, ReadOnlySpan{Region}, Region)"/>
    public Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region numbers, Region pairs) =>
        Bind(device, shapes, inputs, numbers, (Region?)pairs);

    private Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output, Region? pairs) =>
        pairs is null || Product is PairProduct or { Precision: Precision.BFloat16 }
            ? Product.Bind(
                device, shapes[..2], inputs[..2], output, ProductEpilogue.Create(
                    Epilogue, Target, shapes[2..], inputs[2..], pairs, StoresPairs))
            : throw new NotSupportedException($"{Name}: a product in single precision stores no pairs of bfloat16.");
}
