using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>The map on the CPU: one vector loop a row, closed over the expression and the lane.</summary>
internal abstract unsafe class MapCpu : CpuLaunch
{
    private const int TaskElements = 1 << 14;
    private const int Splat = 16;

    /// <summary>
    /// Rows shorter than this are joined into longer ones by repeating the inputs that are stretched along them.
    /// </summary>
    private const int ShortRow = 256;

    private readonly long[] outer;
    private readonly long rowLength;
    private readonly long[][] outerSteps;
    private readonly bool[] moves;
    private readonly long[] repeated;
    private readonly nint[] sources;
    private readonly float* destination;
    private readonly long total;

    protected MapCpu(CpuDevice device, BroadcastPlan plan, Region[] inputs, Region? output)
        : base(device)
    {
        int rank = plan.Extents.Length;
        total = 1;
        foreach (long extent in plan.Extents)
        {
            total *= extent;
        }

        rowLength = plan.Extents[^1];
        outer = plan.Extents[..^1];
        outerSteps = [.. plan.Strides.Select(steps => steps[..^1])];
        moves = [.. plan.Strides.Select(steps => steps[^1] != 0)];
        repeated = new long[inputs.Length];
        sources = [.. inputs.Select(input => (nint)CpuDevice.Address(input))];
        destination = output is { } region ? CpuDevice.Address(region) : null;

        bool joinable = rank == 2 && rowLength < ShortRow
            && Enumerable.Range(0, inputs.Length).All(
                i => moves[i] ? outerSteps[i][0] is 0 || outerSteps[i][0] == rowLength : outerSteps[i][0] == 0);
        if (joinable)
        {
            long row = rowLength;
            rowLength = row * ((2 * ShortRow / row) + 1);
            outer = [(total + rowLength - 1) / rowLength];
            for (int i = 0; i < inputs.Length; i++)
            {
                if (moves[i] && outerSteps[i][0] == 0)
                {
                    repeated[i] = row;
                }
                else if (moves[i])
                {
                    outerSteps[i][0] = rowLength;
                }
            }
        }

        for (int i = 0; i < inputs.Length; i++)
        {
            ScratchSize += repeated[i] != 0 ? (int)rowLength : moves[i] ? 0 : Splat;
        }

        if (ScratchSize > 0)
        {
            device.ReserveScratch(ScratchSize);
        }
    }

    /// <summary>The floats of scratch memory that <see cref="Prepare"/> and <see cref="Evaluate"/> want.</summary>
    public int ScratchSize { get; }

    /// <inheritdoc/>
    public override int Tasks => (int)((total + TaskElements - 1) / TaskElements);

    /// <summary>The map of an expression; without an output it is only asked for parts with <see cref="Evaluate"/>.</summary>
    public static MapCpu Create(
        CpuDevice device, Type lane, Expression expression, BroadcastPlan plan, Region[] inputs, Region? output) =>
        (MapCpu)Activator.CreateInstance(
            typeof(MapCpu<,>).MakeGenericType(expression.ToType(), lane), device, plan, inputs, output)!;

    /// <inheritdoc/>
    public override void RunTask(int task, int worker)
    {
        long start = (long)task * TaskElements;
        float* scratch = ScratchSize > 0 ? Device.Scratch(worker) : null;
        Prepare(scratch);
        Evaluate(start, Math.Min(start + TaskElements, total), destination + start, scratch);
    }

    /// <summary>Repeats the inputs that are stretched along short rows; once a task, before <see cref="Evaluate"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prepare(float* scratch)
    {
        for (int i = 0; i < repeated.Length; i++)
        {
            if (repeated[i] != 0)
            {
                for (long copied = 0; copied < rowLength; copied += repeated[i])
                {
                    new ReadOnlySpan<float>((float*)sources[i], (int)repeated[i]).CopyTo(
                        new Span<float>(scratch + copied, (int)repeated[i]));
                }

                scratch += rowLength;
            }
        }
    }

    /// <summary>The elements from one up to another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Evaluate(long start, long end, float* values, float* scratch)
    {
        int count = sources.Length;
        float** bases = stackalloc float*[count];
        long* offsets = stackalloc long[count];
        long* index = stackalloc long[outer.Length + 1];
        Pointers pointers = default;
        float** at = &pointers.P0;
        nint* masks = &pointers.M0;
        for (int i = 0; i < count; i++)
        {
            bases[i] = (float*)sources[i];
            masks[i] = moves[i] ? -1 : 0;
            if (repeated[i] != 0)
            {
                bases[i] = scratch;
                scratch += rowLength;
            }
        }

        long row = start / rowLength;
        long column = start - (row * rowLength);
        long rest = row;
        for (int axis = outer.Length - 1; axis >= 0; axis--)
        {
            index[axis] = rest % outer[axis];
            rest /= outer[axis];
        }

        for (int i = 0; i < count; i++)
        {
            offsets[i] = 0;
            for (int axis = 0; axis < outer.Length; axis++)
            {
                offsets[i] += index[axis] * outerSteps[i][axis];
            }
        }

        float* splats = scratch;
        while (start < end)
        {
            long length = Math.Min(rowLength - column, end - start);
            float* splat = splats;
            for (int i = 0; i < count; i++)
            {
                float* source = bases[i] + offsets[i];
                if (masks[i] == 0)
                {
                    new Span<float>(splat, Splat).Fill(*source);
                    at[i] = splat;
                    splat += Splat;
                }
                else
                {
                    at[i] = source + column;
                }
            }

            Row(ref pointers, values, (nint)length);
            values += length;
            start += length;
            column = 0;
            for (int axis = outer.Length - 1; axis >= 0; axis--)
            {
                if (++index[axis] < outer[axis])
                {
                    for (int i = 0; i < count; i++)
                    {
                        offsets[i] += outerSteps[i][axis];
                    }

                    break;
                }

                index[axis] = 0;
                for (int i = 0; i < count; i++)
                {
                    offsets[i] -= (outer[axis] - 1) * outerSteps[i][axis];
                }
            }
        }
    }

    /// <summary>Computes one row: <paramref name="length"/> consecutive values.</summary>
    protected abstract void Row(ref Pointers pointers, float* values, nint length);

    /// <summary>Where the inputs of a row begin, and whether they move along it (−1) or stand (0).</summary>
    protected struct Pointers
    {
        public float* P0, P1, P2, P3, P4, P5, P6, P7;
        public nint M0, M1, M2, M3, M4, M5, M6, M7;
    }
}

/// <summary>The loop itself.</summary>
internal sealed unsafe class MapCpu<TExpression, TLane>(CpuDevice device, BroadcastPlan plan, Region[] inputs, Region? output)
    : MapCpu(device, plan, inputs, output)
    where TExpression : struct, IExpression
    where TLane : struct, IMemoryLane<TLane>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Row(ref Pointers pointers, float* values, nint length)
    {
        Pointers local = pointers;
        nint i = 0;
        for (; i <= length - TLane.Count; i += TLane.Count)
        {
            TLane.Store(values + i, TExpression.Evaluate<TLane, At<TLane>>(new At<TLane>(in local, i)));
        }

        for (; i < length; i++)
        {
            Float1.Store(values + i, TExpression.Evaluate<Float1, At<Float1>>(new At<Float1>(in local, i)));
        }
    }

    private readonly struct At<T> : IInputs<T>
        where T : struct, IMemoryLane<T>
    {
        private readonly Pointers* pointers;
        private readonly nint index;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public At(in Pointers pointers, nint index)
        {
            this.pointers = (Pointers*)Unsafe.AsPointer(ref Unsafe.AsRef(in pointers));
            this.index = index;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get0() => T.Load(pointers->P0 + (index & pointers->M0));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get1() => T.Load(pointers->P1 + (index & pointers->M1));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get2() => T.Load(pointers->P2 + (index & pointers->M2));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get3() => T.Load(pointers->P3 + (index & pointers->M3));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get4() => T.Load(pointers->P4 + (index & pointers->M4));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get5() => T.Load(pointers->P5 + (index & pointers->M5));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get6() => T.Load(pointers->P6 + (index & pointers->M6));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get7() => T.Load(pointers->P7 + (index & pointers->M7));
    }
}
