using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Matrix products A·B of as many pairs as the first axis counts: (B, M, K) and (B, K, N) → (B, M, N), each the same bits as
/// <see cref="MatMul"/> gives.
/// </summary>
/// <param name="TransposeA">Whether A is given as (B, K, M).</param>
/// <param name="TransposeB">Whether B is given as (B, N, K).</param>
public sealed record BatchMatMul(bool TransposeA = false, bool TransposeB = false) : Operation
{
    /// <inheritdoc/>
    public override bool IsProduct => true;

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        if (inputs is not [{ Rank: 3 } a, { Rank: 3 } b])
        {
            throw new ShapeException(
                $"{Name} takes two stacks of matrices, (B, M, K) and (B, K, N), not {string.Join(" and ", inputs.ToArray())}.");
        }

        return a[0] == b[0] && a[TransposeA ? 1 : 2] == b[TransposeB ? 2 : 1]
            ? new Shape(a[0], a[TransposeA ? 2 : 1], b[TransposeB ? 1 : 2])
            : throw new ShapeException(
                $"{Name}: shapes {a}{(TransposeA ? " transposed" : "")} and {b}{(TransposeB ? " transposed" : "")} do not fit: " +
                $"there must be as many matrices, and as many columns as rows.");
    }

    /// <inheritdoc/>
    public override long SharedBytes(CpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        Shape shape = Infer(shapes);
        int terms = shapes[0][TransposeA ? 1 : 2];
        return IsLarge(shape, terms) ? MatMulPacking.Bytes(shape[1], terms, shape[2], TransposeA, device.Lanes) : 0;
    }

    /// <inheritdoc/>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Bind(device, device.Lanes, shapes, inputs, output);

    /// <summary>The kernel with vectors of a given number of floats.</summary>
    internal Launch Bind(CpuDevice device, int width, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        width switch
        {
            16 => Bind<Float16>(device, shapes, inputs, output),
            8 => Bind<Float8>(device, shapes, inputs, output),
            4 => Bind<Float4>(device, shapes, inputs, output),
            _ => Bind<Float1>(device, shapes, inputs, output),
        };

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">A matrix is too large for the kernel's counting.</exception>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        Shape shape = Infer(shapes);
        int terms = shapes[0][TransposeA ? 1 : 2];
        return IsLarge(shape, terms)
            ? EachBound(device, shapes, inputs, output, (matrices, regions, part) =>
                new MatMul(TransposeA, TransposeB).Bind(device, matrices, regions, part))
            : new BatchMatMulGpu(
                device, shape[0], shape[1], terms, shape[2], inputs[0], TransposeA, inputs[1], TransposeB, output);
    }

    private Launch Bind<T>(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
        where T : struct, IMemoryLane<T>
    {
        Shape shape = Infer(shapes);
        int rows = shape[1], columns = shape[2], terms = shapes[0][TransposeA ? 1 : 2];
        return IsLarge(shape, terms)
            ? EachBound(device, shapes, inputs, output, (_, regions, part) => MatMulLaunch<T>.Bind(
                device, rows, terms, columns, regions[0], TransposeA, regions[1], TransposeB, part))
            : new BatchMatMulLaunch<T>(
                device, shape[0], rows, terms, columns, inputs[0], TransposeA, inputs[1], TransposeB, output);
    }

    /// <summary>
    /// Large matrices are packed once and shared among the workers; of small ones a worker does each on its own.
    /// </summary>
    private static bool IsLarge(Shape product, int terms)
    {
        const long LargeWork = 1 << 24;
        return (long)product[1] * product[2] * terms >= LargeWork;
    }

    private static Launch EachBound(
        Device device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output,
        Func<Shape[], Region[], Region, Launch> bind)
    {
        (Shape a, Shape b, int count) = (new(shapes[0][1], shapes[0][2]), new(shapes[1][1], shapes[1][2]), shapes[0][0]);
        long size = output.Count / count;
        using LaunchParts parts = new(device);
        for (int i = 0; i < count; i++)
        {
            parts.Add(bind(
                [a, b], [inputs[0].Slice(i * a.Count, a.Count), inputs[1].Slice(i * b.Count, b.Count)],
                output.Slice(i * size, size)));
        }

        return parts.ToLaunch();
    }
}
