using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>Which of the three a softmax kernel computes, as a type argument.</summary>
internal interface ISoftmaxKind
{
    /// <summary>Whether there are labels.</summary>
    static abstract bool HasLabels { get; }

    /// <summary>Whether the result is a loss a row, not a row of its own.</summary>
    static abstract bool IsLoss { get; }
}

/// <summary>softmax(z).</summary>
internal readonly struct Probabilities : ISoftmaxKind
{
    public static bool HasLabels => false;

    public static bool IsLoss => false;
}

/// <summary>−ln softmax(z)[label].</summary>
internal readonly struct Losses : ISoftmaxKind
{
    public static bool HasLabels => true;

    public static bool IsLoss => true;
}

/// <summary>softmax(z) − [c = label].</summary>
internal readonly struct LossGradients : ISoftmaxKind
{
    public static bool HasLabels => true;

    public static bool IsLoss => false;
}

/// <summary>
/// Softmax and its cross-entropy on a GPU, with the CPU's bits: a thread takes blocks of <see cref="SoftmaxFormula.Block"/>
/// columns, as many threads a row as it has blocks, and the blocks' sums are added in order.
/// </summary>
internal sealed class SoftmaxGpu<TKind> : Launch
    where TKind : struct, ISoftmaxKind
{
    private const int GroupSize = 256;
    private readonly Action<
        KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, SoftmaxWalk> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> z, labels, y;
    private readonly ArrayView<int> faults;
    private readonly SoftmaxWalk walk;
    private readonly int source;

    public SoftmaxGpu(GpuDevice device, string name, Shape shape, Region logits, Region? labels, Region output)
    {
        _ = Packs.Count(device, name, shape.Count);
        z = GpuDevice.View(logits);
        this.labels = GpuDevice.View(labels ?? logits);
        y = GpuDevice.View(output);
        faults = device.Faults.Record;
        source = labels is null ? 0 : ColumnIndex.Source(device, name);
        int group = device.Groups(1, GroupSize).GroupDim.X, blocks = (shape[1] + SoftmaxFormula.Block - 1) / SoftmaxFormula.Block,
            lanes = 1;
        while (lanes < blocks && lanes < group)
        {
            lanes *= 2;
        }

        walk = new SoftmaxWalk { Rows = shape[0], Columns = shape[1], Blocks = blocks, Lanes = lanes };
        grid = device.Groups((int)(((long)shape[0] * lanes + group - 1) / group), GroupSize);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, SoftmaxWalk>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, z, labels, y, faults, source, walk);

    internal static void Kernel(
        ArrayView<float> z, ArrayView<float> labels, ArrayView<float> y, ArrayView<int> faults, int source, SoftmaxWalk walk)
    {
        ArrayView<float> maxima = SharedMemory.Allocate<float>(GroupSize), sums = SharedMemory.Allocate<float>(GroupSize);
        ArrayView<float> totals = SharedMemory.Allocate<float>(GroupSize);
        ArrayView<int> places = SharedMemory.Allocate<int>(GroupSize);
        int thread = Group.IdxX, lane = thread % walk.Lanes, slot = thread / walk.Lanes, rowsPerGroup = Group.DimX / walk.Lanes;
        for (int first = Grid.IdxX * rowsPerGroup; first < walk.Rows; first += Grid.DimX * rowsPerGroup)
        {
            int row = first + slot, start = row * walk.Columns;
            bool works = row < walk.Rows;

            // The maximum and where it stands first. All that lives across a barrier stands in shared memory: a value that a
            // branch
            // with a barrier changes is one that PoCL can't keep.
            GpuFloat own = new(float.NegativeInfinity);
            int ownPlace = walk.Columns;
            for (int block = lane; works && block < walk.Blocks; block += walk.Lanes)
            {
                int end = Math.Min((block + 1) * SoftmaxFormula.Block, walk.Columns);
                for (int j = block * SoftmaxFormula.Block; j < end; j++)
                {
                    GpuFloat value = new(z[start + j]);
                    if (ownPlace == walk.Columns || GpuFloat.Less(own, value).Value == 1f)
                    {
                        own = value;
                        ownPlace = j;
                    }
                }
            }

            maxima[thread] = own.Value;
            places[thread] = ownPlace;
            totals[thread] = 0f;
            if (walk.Lanes > 1)
            {
                for (int half = walk.Lanes / 2; half > 0; half /= 2)
                {
                    Group.Barrier();
                    if (lane < half)
                    {
                        GpuFloat mine = new(maxima[thread]), other = new(maxima[thread + half]);
                        int place = places[thread], otherPlace = places[thread + half];
                        if (GpuFloat.Less(mine, other).Value == 1f
                            || (GpuFloat.Equal(mine, other).Value == 1f && otherPlace < place))
                        {
                            maxima[thread] = other.Value;
                            places[thread] = otherPlace;
                        }
                    }
                }

                Group.Barrier();
            }

            int label = -1;
            if (TKind.HasLabels && works)
            {
                label = lane == 0 || !TKind.IsLoss ? ColumnIndex.Read(labels, row, walk.Columns, faults, source) : 0;
            }

            // The sum of exponentials, at a loss without the maximum, at its gradient without the label.
            for (int block = 0; block < walk.Blocks; block += walk.Lanes)
            {
                GpuFloat largest = new(maxima[thread - lane]), sum = new(0f);
                int without = TKind.IsLoss ? places[thread - lane] : label, mine = block + lane;
                if (works && mine < walk.Blocks)
                {
                    int end = Math.Min((mine + 1) * SoftmaxFormula.Block, walk.Columns);
                    for (int j = mine * SoftmaxFormula.Block; j < end; j++)
                    {
                        if (!TKind.HasLabels || j != without)
                        {
                            sum += GpuFloat.Exp(new GpuFloat(z[start + j]) - largest);
                        }
                    }
                }

                sums[thread] = sum.Value;
                if (walk.Lanes > 1)
                {
                    Group.Barrier();
                }

                GpuFloat total = new(totals[thread]);
                int count = Math.Min(walk.Lanes, walk.Blocks - block);
                for (int i = 0; i < count; i++)
                {
                    total += new GpuFloat(sums[thread - lane + i]);
                }

                totals[thread] = total.Value;
                if (walk.Lanes > 1)
                {
                    Group.Barrier();
                }
            }

            if (TKind.IsLoss)
            {
                if (works && lane == 0)
                {
                    GpuFloat largest = new(maxima[thread]), total = new(totals[thread]);
                    y[row] = label < 0 ? float.NaN
                        : (largest - new GpuFloat(z[start + label]) + SoftmaxFormula.LogOnePlus(total)).Value;
                }
            }
            else
            {
                GpuFloat largest = new(maxima[thread - lane]), others = new(totals[thread]), total = others;
                if (TKind.HasLabels && works)
                {
                    total += label < 0 ? new GpuFloat(float.NaN) : GpuFloat.Exp(new GpuFloat(z[start + label]) - largest);
                }

                for (int block = lane; works && block < walk.Blocks; block += walk.Lanes)
                {
                    int end = Math.Min((block + 1) * SoftmaxFormula.Block, walk.Columns);
                    for (int j = block * SoftmaxFormula.Block; j < end; j++)
                    {
                        GpuFloat e = TKind.HasLabels && j == label ? -others : GpuFloat.Exp(new GpuFloat(z[start + j]) - largest);
                        y[start + j] = (e / total).Value;
                    }
                }
            }

            if (walk.Lanes > 1)
            {
                Group.Barrier();
            }
        }
    }
}

/// <summary>How groups walk the rows.</summary>
internal struct SoftmaxWalk
{
    /// <summary>The matrix, the blocks of a row and the threads that share them.</summary>
    public int Rows, Columns, Blocks, Lanes;
}
