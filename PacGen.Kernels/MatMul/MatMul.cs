using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The matrix product A·B of (M, K) and (K, N), row-major; the output is (M, N).
/// </summary>
/// <param name="TransposeA">Whether A is given as (K, M).</param>
/// <param name="TransposeB">Whether B is given as (N, K).</param>
public sealed record MatMul(bool TransposeA = false, bool TransposeB = false) : ProductOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        if (inputs.Length != 2)
        {
            throw new ShapeException($"{Name} takes two matrices, not {inputs.Length} inputs.");
        }

        (Shape a, Shape b) = (inputs[0], inputs[1]);
        if (a.Rank != 2 || b.Rank != 2)
        {
            throw new ShapeException($"{Name}: shapes {a} and {b} are not both matrices.");
        }

        int left = a[TransposeA ? 0 : 1], right = b[TransposeB ? 1 : 0];
        if (left != right)
        {
            throw new ShapeException(
                $"{Name}: shapes {a}{(TransposeA ? " transposed" : "")} and {b}{(TransposeB ? " transposed" : "")} do not fit: " +
                    $"{left} columns meet {right} rows.");
        }

        return new Shape(a[TransposeA ? 1 : 0], b[TransposeB ? 0 : 1]);
    }

    /// <inheritdoc/>
    public override long SharedBytes(CpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        Shape shape = Infer(shapes);
        return MatMulPacking.Bytes(shape[0], shapes[0][TransposeA ? 0 : 1], shape[1], TransposeA, device.Lanes);
    }

    /// <inheritdoc/>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Bind(device, device.Lanes, shapes, inputs, output);

    /// <summary>The kernel with vectors of a given number of floats.</summary>
    internal Launch Bind(CpuDevice device, int width, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        Shape shape = Infer(shapes);
        int rows = shape[0], columns = shape[1], terms = shapes[0][TransposeA ? 0 : 1];
        return width switch
        {
            16 => MatMulLaunch<Float16>.Bind(device, rows, terms, columns, inputs[0], TransposeA, inputs[1], TransposeB, output),
            8 => MatMulLaunch<Float8>.Bind(device, rows, terms, columns, inputs[0], TransposeA, inputs[1], TransposeB, output),
            4 => MatMulLaunch<Float4>.Bind(device, rows, terms, columns, inputs[0], TransposeA, inputs[1], TransposeB, output),
            _ => MatMulLaunch<Float1>.Bind(device, rows, terms, columns, inputs[0], TransposeA, inputs[1], TransposeB, output),
        };
    }

    /// <inheritdoc/>
    internal override bool GathersMoments(GpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        Shape shape = Infer(shapes);
        return !TransposeA && (Precision != Precision.Single || device.Library is null)
            && Product.GathersMoments(device, Precision, shape[0], shape[1], shapes[0][1]);
    }

    /// <inheritdoc/>
    internal override Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output, ProductEpilogue? epilogue)
    {
        Shape shape = Infer(shapes);
        int rows = shape[0], columns = shape[1], terms = shapes[0][TransposeA ? 0 : 1];
        (Region a, Region b) = (inputs[0], inputs[1]);
        if (Precision == Precision.Single && device.Library is { } library)
        {
            using LaunchParts parts = new(device);
            parts.Add(new CuBlasLaunch(
                library, ColumnMajorProduct.Of(rows, columns, terms, TransposeA, TransposeB), a, b, output));
            if (epilogue is not null)
            {
                parts.Add(epilogue.Behind(device, output));
            }

            return parts.ToLaunch();
        }

        return (TransposeA, Packs.InFours(shapes[0][1], a)) switch
        {
            (false, _) when ReadsPairs => Product.BindMatrix(
                device, Precision, a, new MatrixSource<AlongTerms, InPairs>(rows, terms), b, TransposeB, output, rows, columns,
                terms, epilogue),
            (true, _) when ReadsPairs => Product.BindMatrix(
                device, Precision, a, new MatrixSource<AlongOuter, InPairs>(rows, terms), b, TransposeB, output, rows, columns,
                terms, epilogue),
            (false, true) => Product.BindMatrix(
                device, Precision, a, new MatrixSource<AlongTerms, Wide>(rows, terms), b, TransposeB, output, rows, columns,
                terms, epilogue),
            (false, false) => Product.BindMatrix(
                device, Precision, a, new MatrixSource<AlongTerms, Narrow>(rows, terms), b, TransposeB, output, rows, columns,
                terms, epilogue),
            (true, true) => Product.BindMatrix(
                device, Precision, a, new MatrixSource<AlongOuter, Wide>(rows, terms), b, TransposeB, output, rows, columns,
                terms, epilogue),
            _ => Product.BindMatrix(
                device, Precision, a, new MatrixSource<AlongOuter, Narrow>(rows, terms), b, TransposeB, output, rows, columns,
                terms, epilogue),
        };
    }
}
