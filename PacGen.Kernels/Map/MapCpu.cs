using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>The map on the CPU: one vector loop a row, closed over the expression and the lane.</summary>
internal abstract unsafe class MapCpu : CpuLaunch, ISweep
{
    private const int TaskElements = 1 << 14;

    /// <summary>A number that stands is there for four of the widest vectors.</summary>
    private const int Splat = 64;

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
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The constructor is named in MapLoops.")]
    [UnconditionalSuppressMessage("Trimming", "IL2071", Justification = "Structs have a constructor without parameters.")]
    [UnconditionalSuppressMessage("Trimming", "IL2076", Justification = "Structs have a constructor without parameters.")]
    public static MapCpu Create(
        CpuDevice device, int width, Expression expression, BroadcastPlan plan, Region[] inputs, Region? output)
    {
        if (expression.Loops is { } loops)
        {
            return loops.Create(device, width, plan, inputs, output);
        }

        Type type = expression.ToType();
        return RuntimeFeature.IsDynamicCodeSupported
            ? (MapCpu)Activator.CreateInstance(
                typeof(MapCpu<,>).MakeGenericType(type, CpuDevice.LaneType(width)), device, plan, inputs, output)!
            : throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void RunTask(int task, int worker)
    {
        long start = (long)task * TaskElements;
        RunRange(task, start, Math.Min(start + TaskElements, total), worker);
    }

    /// <inheritdoc/>
    public long Elements => total;

    /// <inheritdoc/>
    public long ElementsPerTask => 0;

    /// <inheritdoc/>
    public void RunRange(int task, long start, long end, int worker)
    {
        float* scratch = ScratchSize > 0 ? Device.Scratch(worker) : null;
        Prepare(scratch);
        Evaluate(start, end, destination + start, scratch);
    }

    /// <summary>Repeats the inputs that are stretched along short rows; once a task, before <see cref="Evaluate"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prepare(float* scratch)
    {
        for (int i = 0; i < repeated.Length; i++)
        {
            if (repeated[i] != 0)
            {
                // What is there is doubled.
                Span<float> row = new(scratch, (int)rowLength);
                new ReadOnlySpan<float>((float*)sources[i], (int)repeated[i]).CopyTo(row);
                for (int copied = (int)repeated[i]; copied < row.Length; copied *= 2)
                {
                    row[..Math.Min(copied, row.Length - copied)].CopyTo(row[copied..]);
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

    /// <summary>
    /// Whether each input moves along with the elements, or stands at the same places in every row of <paramref name="width"/>:
    /// one that is repeated along short rows does where such a row is a whole number of them.
    /// </summary>
    public bool IsUniform(int width)
    {
        for (int i = 0; i < sources.Length; i++)
        {
            bool fits = repeated[i] != 0 ? width <= rowLength && width % repeated[i] == 0
                : outer.Length == 0 || (outer.Length == 1 && (outerSteps[i][0] == 0
                    ? !moves[i] || width == rowLength : moves[i] && outerSteps[i][0] == rowLength));
            if (!fits)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The map's values, reduced as they are computed.</summary>
    public abstract MapBlock Reduced<TReduction>()
        where TReduction : struct, IReduction;

    /// <summary>Where the inputs of uniform rows from an element on begin, and which of them move along a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected void Begin(long start, float* scratch, ref Pointers pointers, nint* along)
    {
        fixed (Pointers* at = &pointers)
        {
            float** bases = &at->P0;
            nint* masks = &at->M0;
            float* splats = scratch;
            for (int i = 0; i < repeated.Length; i++)
            {
                splats += repeated[i] != 0 ? rowLength : 0;
            }

            for (int i = 0; i < sources.Length; i++)
            {
                bool stands = repeated[i] != 0 || (outer.Length == 1 && outerSteps[i][0] == 0);
                along[i] = moves[i] ? 1 : 0;
                masks[i] = moves[i] && !stands ? -1 : 0;
                if (repeated[i] != 0)
                {
                    bases[i] = scratch;
                    scratch += rowLength;
                }
                else if (moves[i])
                {
                    bases[i] = (float*)sources[i] + (stands ? 0 : start);
                }
                else
                {
                    new Span<float>(splats, Splat).Fill(*(float*)sources[i]);
                    bases[i] = splats;
                    splats += Splat;
                }
            }
        }
    }

    /// <summary>The same further along the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected Pointers Shifted(in Pointers pointers, nint* along, nint column)
    {
        Pointers result = pointers;
        float** bases = &result.P0;
        for (int i = 0; i < sources.Length; i++)
        {
            bases[i] += along[i] * column;
        }

        return result;
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
