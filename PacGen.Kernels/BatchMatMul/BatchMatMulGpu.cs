using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// Products of small matrices on a GPU, all in one launch: a thread four rows of a column, in which a warp's threads are
/// neighbours. The factors come from the caches.
/// </summary>
internal sealed class BatchMatMulGpu : Launch
{
    private const int RowsPerThread = 4;
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, Walk> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> a, b, c;
    private readonly Walk walk;

    /// <exception cref="NotSupportedException">A tensor is too large for the kernel's counting.</exception>
    public BatchMatMulGpu(
        GpuDevice device, int count, int rows, int terms, int columns, Region a, bool transposeA, Region b, bool transposeB,
        Region output)
    {
        _ = Packs.Count(device, nameof(BatchMatMul), Math.Max(Math.Max(a.Count, b.Count), output.Count));
        this.a = GpuDevice.View(a);
        this.b = GpuDevice.View(b);
        c = GpuDevice.View(output);
        walk = new Walk(count, rows, terms, columns, transposeA, transposeB);
        grid = device.Grid(walk.Threads);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, Walk>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, a, b, c, walk);

    internal static void Kernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, Walk walk)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < walk.Threads; i += stride)
        {
            int strip = i / walk.Columns, column = i - (strip * walk.Columns);
            int item = strip / walk.Strips, row = (strip - (item * walk.Strips)) * RowsPerThread;

            // Beyond the last row the last one is computed again, and not stored.
            int last = walk.Rows - 1, at = item * walk.Rows * walk.Terms;
            int at0 = at + (row * walk.RowStep), at1 = at + (Math.Min(row + 1, last) * walk.RowStep);
            int at2 = at + (Math.Min(row + 2, last) * walk.RowStep), at3 = at + (Math.Min(row + 3, last) * walk.RowStep);
            int from = (item * walk.Terms * walk.Columns) + (column * walk.ColumnStep);
            float sum0 = 0f, sum1 = 0f, sum2 = 0f, sum3 = 0f;
            for (int k = 0; k < walk.Terms; k++)
            {
                float factor = b[from];
                sum0 = GpuArithmetic.MultiplyAdd(a[at0], factor, sum0);
                sum1 = GpuArithmetic.MultiplyAdd(a[at1], factor, sum1);
                sum2 = GpuArithmetic.MultiplyAdd(a[at2], factor, sum2);
                sum3 = GpuArithmetic.MultiplyAdd(a[at3], factor, sum3);
                at0 += walk.LeftTermStep;
                at1 += walk.LeftTermStep;
                at2 += walk.LeftTermStep;
                at3 += walk.LeftTermStep;
                from += walk.RightTermStep;
            }

            int to = (((item * walk.Rows) + row) * walk.Columns) + column;
            c[to] = sum0;
            if (row + 1 < walk.Rows)
            {
                c[to + walk.Columns] = sum1;
            }

            if (row + 2 < walk.Rows)
            {
                c[to + (2 * walk.Columns)] = sum2;
            }

            if (row + 3 < walk.Rows)
            {
                c[to + (3 * walk.Columns)] = sum3;
            }
        }
    }

    /// <summary>The products as the kernel walks them.</summary>
    internal readonly struct Walk
    {
        /// <summary>The threads' work, and four rows of an item at a time.</summary>
        public readonly int Threads, Strips;

        /// <summary>Each product's extents.</summary>
        public readonly int Rows, Terms, Columns;

        /// <summary>The steps in the left factor, from a row and from a term to the next, and in the right one.</summary>
        public readonly int RowStep, LeftTermStep, RightTermStep, ColumnStep;

        public Walk(int count, int rows, int terms, int columns, bool transposeA, bool transposeB)
        {
            (Rows, Terms, Columns) = (rows, terms, columns);
            Strips = (rows + RowsPerThread - 1) / RowsPerThread;
            Threads = checked(count * Strips * columns);
            (RowStep, LeftTermStep) = transposeA ? (1, rows) : (terms, 1);
            (RightTermStep, ColumnStep) = transposeB ? (1, terms) : (columns, 1);
        }
    }
}
