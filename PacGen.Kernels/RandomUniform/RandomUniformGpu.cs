using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;
using PacGen.Kernels.Devices;
using PacGen.Kernels.Gpu;

namespace PacGen.Kernels;

/// <summary>The random numbers on a GPU: a thread takes the four elements of one Philox counter at a time.</summary>
internal sealed class RandomUniformGpu : Launch
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<Quad>, ArrayView<int>, int, Numbers> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> step, y;
    private readonly ArrayView<Quad> fours;
    private readonly ArrayView<int> faults;
    private readonly Numbers numbers;
    private readonly int source;

    public RandomUniformGpu(GpuDevice device, RandomUniform operation, Region step, Region output)
    {
        bool aligned = Packs.InFours(0, output);
        int count = Packs.Count(device, operation.Name, operation.Shape.Count);
        numbers = new Numbers
        {
            Count = count, Aligned = aligned ? 1 : 0, Stream = operation.Stream, Key0 = (uint)operation.Seed, Key1 = (uint)(operation.Seed >> 32),
        };
        this.step = GpuDevice.View(step);
        y = GpuDevice.View(output);
        fours = aligned ? Packs.View<Quad>(output) : default;
        faults = device.Faults.Record;
        source = device.Faults.Source(operation.Name, (_, value, _) => RandomUniform.Invalid(value));
        grid = device.Grid((count + 3) / 4);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<Quad>, ArrayView<int>, int, Numbers>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, step, y, fours, faults, source, numbers);

    internal static void Kernel(
        ArrayView<float> step, ArrayView<float> y, ArrayView<Quad> fours, ArrayView<int> faults, int source, Numbers numbers)
    {
        float now = step[0];
        bool isStep = now >= 0f && now < RandomUniform.Steps;
        int whole = isStep ? (int)now : 0;
        if (whole != now && Grid.IdxX == 0 && Group.IdxX == 0)
        {
            GpuFaults.Report(faults, source, 0, now, 0);
        }

        int quads = (numbers.Count + 3) / 4, stride = Grid.DimX * Group.DimX;
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            Words1 word0 = new((uint)quad), word1 = new(0), word2 = new(numbers.Stream), word3 = new((uint)whole);
            Philox.Generate(ref word0, ref word1, ref word2, ref word3, numbers.Key0, numbers.Key1);
            float a = UniformSampler.Unit<GpuFloat, Words1>(word0).Value, b = UniformSampler.Unit<GpuFloat, Words1>(word1).Value;
            float c = UniformSampler.Unit<GpuFloat, Words1>(word2).Value, d = UniformSampler.Unit<GpuFloat, Words1>(word3).Value;
            int i = 4 * quad;
            if (numbers.Aligned != 0 && i + 3 < numbers.Count)
            {
                fours[quad] = new Quad(a, b, c, d);
            }
            else
            {
                Put(y, i, numbers.Count, a);
                Put(y, i + 1, numbers.Count, b);
                Put(y, i + 2, numbers.Count, c);
                Put(y, i + 3, numbers.Count, d);
            }
        }
    }

    private static void Put(ArrayView<float> y, int i, int count, float value)
    {
        if (i < count)
        {
            y[i] = value;
        }
    }

    /// <summary>Which numbers, how many, and whether they can be stored in fours.</summary>
    internal struct Numbers
    {
        public int Count, Aligned;
        public uint Stream, Key0, Key1;
    }
}
