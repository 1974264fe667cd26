using System.Reflection;
using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// Adds the matrices that the parts of a product's terms gave, in an order that is the same on all GPUs: where parts are many,
/// several threads add a number's, each every fourth or sixteenth, and what they have is added in pairs.
/// </summary>
internal sealed class SplitSumGpu<TPack> : Launch
    where TPack : unmanaged, IPack<TPack>
{
    /// <summary>The most threads that share a number: as many as a simulator's group has.</summary>
    private const int MostLanes = 16;

    private const int MostThreads = 256;

    private readonly Action<KernelConfig, ArrayView<TPack>, ArrayView<TPack>, int, int, int> kernel;
    private readonly ArrayView<TPack> parts, output;
    private readonly KernelConfig grid;
    private readonly int splits, count, lanes;

    public SplitSumGpu(GpuDevice device, Region parts, int splits, Region output)
    {
        this.parts = Packs.View<TPack>(parts);
        this.output = Packs.View<TPack>(output);
        this.splits = splits;
        count = (int)(output.Count / TPack.Count);
        int threads = Math.Min(device.Accelerator.MaxNumThreadsPerGroup, MostThreads);
        lanes = splits < 4 || threads % MostLanes != 0 ? 1 : splits < 64 ? 4 : MostLanes;
        int numbers = threads / lanes;
        grid = new KernelConfig(new Index3D((count + numbers - 1) / numbers, 1, 1), new Index3D(threads, 1, 1));
        kernel = device.Load(
            Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<TPack>, ArrayView<TPack>, int, int, int>(Kernel));
    }

    /// <summary>The kernel.</summary>
    public static MethodInfo Method => ((Delegate)Kernel).Method;

    /// <inheritdoc/>
    public override void Run() => kernel(grid, parts, output, splits, count, lanes);

    internal static void Kernel(ArrayView<TPack> parts, ArrayView<TPack> output, int splits, int count, int lanes)
    {
        ArrayView<TPack> shared = SharedMemory.Allocate<TPack>(MostThreads);
        int numbers = Group.DimX / lanes, lane = Group.IdxX / numbers;
        int at = (Grid.IdxX * numbers) + Group.IdxX - (lane * numbers), inside = IntrinsicMath.Min(at, count - 1);
        int step = lanes * count, part = (lane * count) + inside, last = ((splits - 1) * count) + inside;
        TPack sum = TPack.Constant(0f);

        // Four loads are on their way at a time.
        for (; part + (3 * step) <= last; part += 4 * step)
        {
            TPack first = parts[part], second = parts[part + step], third = parts[part + (2 * step)];
            TPack fourth = parts[part + (3 * step)];
            sum = TPack.Add(TPack.Add(TPack.Add(TPack.Add(sum, first), second), third), fourth);
        }

        for (; part <= last; part += step)
        {
            sum = TPack.Add(sum, parts[part]);
        }

        shared[Group.IdxX] = sum;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            if (lane < half)
            {
                sum = TPack.Add(sum, shared[Group.IdxX + (half * numbers)]);
                shared[Group.IdxX] = sum;
            }
        }

        if (lane == 0 & at < count)
        {
            output[at] = sum;
        }
    }
}
