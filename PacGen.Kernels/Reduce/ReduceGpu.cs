using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>(outer, rows, inner) → (outer, inner) on a GPU.</summary>
/// <remarks>
/// The order of summation depends on the shape, on whether fours can be loaded, and on the size of a group, 256 threads wherever
/// the device has as many; it differs from the CPU's. A group takes several rows at once; each of its threads adds up to 64
/// elements of a column in four accumulators, the threads' sums are added as a tree in shared memory, and where one group
/// is not enough for the rows, its sums go through the same again. So a sum of n is at most some 16 + log₂(n) roundings deep.
/// </remarks>
internal static class ReduceGpu
{
    private const int MostRows = 64;
    private const int FewestRows = 8;
    private const int EnoughUnits = 512;
    private const int Widest = 64;

    /// <summary>The most threads of a group.</summary>
    public const int GroupSize = 256;

    /// <summary>Adds the launches of a step, and the memory between them.</summary>
    public static void Add<TReduction>(
        GpuDevice device, string name, Region input, Region output, long outer, long rows, long inner, LaunchParts parts)
        where TReduction : struct, IReduction
    {
        _ = Packs.Count(device, name, outer * rows * inner);
        while (true)
        {
            Walk walk = Walk.Of(device, outer, rows, inner, [input], output, out bool fours);
            Region result = walk.RowUnits > 1 ? parts.Memory(outer * walk.RowUnits * inner) : output;
            parts.Add(fours
                ? new ReduceGpu<TReduction, Quad, InMemory<Quad>>(
                    device, new InMemory<Quad>(Packs.View<Quad>(input)), input, result, walk)
                : new ReduceGpu<TReduction, One, InMemory<One>>(
                    device, new InMemory<One>(Packs.View<One>(input)), input, result, walk));
            if (walk.RowUnits == 1)
            {
                return;
            }

            input = result;
            rows = walk.RowUnits;
        }
    }

    /// <summary>The same of an expression's values, which are never in memory.</summary>
    public static void Add<TReduction, TExpression, TOthers>(
        GpuDevice device, string name, ReadOnlySpan<Region> inputs, Shape source, ReadOnlySpan<Shape> shapes, Region output,
        long outer, long rows, long inner, LaunchParts parts)
        where TReduction : struct, IReduction
        where TExpression : struct, IExpression
        where TOthers : struct, IArgumentCount
    {
        _ = Packs.Count(device, name, outer * rows * inner);
        Walk walk = Walk.Of(device, outer, rows, inner, inputs, output, out bool fours);
        Region result = walk.RowUnits > 1 ? parts.Memory(outer * walk.RowUnits * inner) : output;
        ExpressionArgument first = new(inputs[0], source, shapes[0]);
        OtherArguments<TExpression, TOthers> others = new(OtherArguments.Of(inputs[0], source, shapes[1..], inputs[1..]));
        parts.Add(fours
            ? new ReduceGpu<TReduction, Quad, ComputedQuads<TExpression, TOthers>>(
                device, new ComputedQuads<TExpression, TOthers>(first, others), inputs[0], result, walk)
            : new ReduceGpu<TReduction, One, ComputedOnes<TExpression, TOthers>>(
                device, new ComputedOnes<TExpression, TOthers>(first, others), inputs[0], result, walk));
        if (walk.RowUnits > 1)
        {
            Add<TReduction>(device, name, result, output, outer, walk.RowUnits, inner, parts);
        }
    }

    /// <summary>How groups walk the tensor, all counted in packs.</summary>
    internal readonly struct Walk
    {
        /// <summary>The tensor; whether a result is one float, its pack folded.</summary>
        public readonly int Outer, Rows, Inner, Folds;

        /// <summary>A group's threads: columns, threads that share a column's rows, and places along the outer axis.</summary>
        public readonly int Width, Lanes, Places;

        /// <summary>How columns and rows are cut into what a group takes.</summary>
        public readonly int ColumnUnits, RowUnits, RowsPerUnit, Units;

        /// <summary>The walk over a tensor counted in floats, in fours where memory allows them.</summary>
        public static Walk Of(
            GpuDevice device, long outer, long rows, long inner, ReadOnlySpan<Region> inputs, Region output, out bool fours)
        {
            bool folds = inner == 1 && rows >= Quad.Count && Packs.InFours(rows, inputs);
            fours = folds || (Packs.InFours(inner, inputs) && Packs.InFours(0, output));
            return new Walk(
                device, (int)outer, (int)(folds ? rows / Quad.Count : rows), (int)(fours && !folds ? inner / Quad.Count : inner),
                folds);
        }

        public Walk(GpuDevice device, int outer, int rows, int inner, bool folds)
        {
            int group = device.Groups(1, GroupSize).GroupDim.X;
            Outer = outer;
            Rows = rows;
            Inner = inner;
            Folds = folds ? 1 : 0;
            Width = Math.Min(inner, Math.Min(group, Widest));
            Lanes = Math.Min(group / Width, (rows + 3) / 4);
            Places = Math.Min(group / (Width * Lanes), outer);
            ColumnUnits = (inner + Width - 1) / Width;
            int others = (outer + Places - 1) / Places * ColumnUnits;
            int wanted = Math.Max((rows + (MostRows * Lanes) - 1) / (MostRows * Lanes), Math.Max(1, EnoughUnits / others));
            RowsPerUnit = Math.Clamp((rows + wanted - 1) / wanted, Math.Min(rows, FewestRows * Lanes), MostRows * Lanes);
            RowUnits = (rows + RowsPerUnit - 1) / RowsPerUnit;
            Units = others * RowUnits;
        }
    }
}

/// <summary>The kernel, closed over what it reduces.</summary>
internal sealed class ReduceGpu<TReduction, TPack, TSource> : Launch
    where TReduction : struct, IReduction
    where TPack : unmanaged, IPack<TPack>
    where TSource : struct, IReduceSource<TPack>
{
    private readonly Action<KernelConfig, TSource, ArrayView<TPack>, ArrayView<float>, ReduceGpu.Walk> kernel;
    private readonly KernelConfig grid;
    private readonly TSource source;
    private readonly ArrayView<TPack> packs;
    private readonly ArrayView<float> floats;
    private readonly ReduceGpu.Walk walk;

    public ReduceGpu(GpuDevice device, TSource source, Region any, Region output, ReduceGpu.Walk walk)
    {
        (this.source, this.walk) = (source, walk);
        packs = Packs.View<TPack>(walk.Folds != 0 ? any : output);
        floats = GpuDevice.View(output);
        grid = device.Groups(walk.Units, ReduceGpu.GroupSize);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<TSource, ArrayView<TPack>, ArrayView<float>, ReduceGpu.Walk>(
                Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, source, packs, floats, walk);

    internal static void Kernel(TSource source, ArrayView<TPack> packs, ArrayView<float> floats, ReduceGpu.Walk walk)
    {
        ArrayView<TPack> sums = SharedMemory.Allocate<TPack>(ReduceGpu.GroupSize);
        int thread = Group.IdxX, ownColumn = thread % walk.Width, rest = thread / walk.Width;
        int lane = rest % walk.Lanes, place = rest / walk.Lanes;
        for (int unit = Grid.IdxX; unit < walk.Units; unit += Grid.DimX)
        {
            int rowUnit = unit % walk.RowUnits, others = unit / walk.RowUnits;
            int column = (others % walk.ColumnUnits * walk.Width) + ownColumn, outer = (
                others / walk.ColumnUnits * walk.Places) + place;
            bool works = place < walk.Places && outer < walk.Outer && column < walk.Inner;
            TPack a = TPack.Constant(TReduction.Identity), b = a, c = a, d = a;
            if (works)
            {
                int end = Math.Min((rowUnit + 1) * walk.RowsPerUnit, walk.Rows), start = (
                    outer * walk.Rows * walk.Inner) + column;
                for (int row = (rowUnit * walk.RowsPerUnit) + lane; row < end; row += 4 * walk.Lanes)
                {
                    int at = start + (row * walk.Inner), step = walk.Lanes * walk.Inner;
                    a = TPack.Combine<TReduction>(a, source.Load(at, column));
                    if (row + walk.Lanes < end)
                    {
                        b = TPack.Combine<TReduction>(b, source.Load(at + step, column));
                    }

                    if (row + (2 * walk.Lanes) < end)
                    {
                        c = TPack.Combine<TReduction>(c, source.Load(at + (2 * step), column));
                    }

                    if (row + (3 * walk.Lanes) < end)
                    {
                        d = TPack.Combine<TReduction>(d, source.Load(at + (3 * step), column));
                    }
                }
            }

            // All that lives across a barrier stands in shared memory: a value that a branch with a barrier changes is one that
            // PoCL can't keep.
            sums[thread] = TPack.Combine<TReduction>(TPack.Combine<TReduction>(a, b), TPack.Combine<TReduction>(c, d));
            if (walk.Lanes > 1)
            {
                for (int n = walk.Lanes; n > 1; n = (n + 1) / 2)
                {
                    int half = (n + 1) / 2;
                    Group.Barrier();
                    if (works && lane + half < n)
                    {
                        sums[thread] = TPack.Combine<TReduction>(sums[thread], sums[thread + (half * walk.Width)]);
                    }
                }

                Group.Barrier();
            }

            if (works && lane == 0)
            {
                TPack total = sums[thread];
                int result = (((outer * walk.RowUnits) + rowUnit) * walk.Inner) + column;
                if (walk.Folds != 0)
                {
                    floats[result] = TPack.Fold<TReduction>(total);
                }
                else
                {
                    packs[result] = total;
                }
            }
        }
    }
}
