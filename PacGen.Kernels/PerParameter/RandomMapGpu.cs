using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;

namespace PacGen.Kernels;

/// <summary>A random map on a GPU: a thread takes the four parameters of one Philox counter at a time.</summary>
internal sealed class RandomMapGpu<TMap, TSettings, TSource> : Launch, IPassKernel<TSettings>
    where TMap : struct, IRandomMap<TSettings>
    where TSettings : unmanaged
    where TSource : struct, IStepSource<TSettings>
{
    private readonly Action<ArrayView<StepCarry>, ArrayView<float>> start;
    private StepMemory? followed;

    public RandomMapGpu(GpuDevice device, Region a, Region b, Region c, Region output)
    {
        QuadExtent extent = new(BlockSumGpu.Count(device, output.Count), a, b, c, output);
        KernelConfig grid = device.Grid((output.Count + 3) / 4);
        ArrayView<float> a0 = GpuDevice.View(a), b0 = GpuDevice.View(b), c0 = GpuDevice.View(c), y = GpuDevice.View(output);
        var kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
                ArrayView<StepCarry>, ArrayView<float>, QuadExtent, TSettings>(Kernel));
        start = (carry, step) => kernel(grid, a0, b0, c0, y, carry, step, extent, Settings);
    }

    /// <inheritdoc/>
    public TSettings Settings { get; set; }

    /// <inheritdoc/>
    public bool Follows => followed is not null;

    /// <inheritdoc/>
    public void Follow(StepMemory memory) => followed = memory;

    /// <inheritdoc/>
    public override void Run()
    {
        if (followed is { IsHeld: true } memory)
        {
            start(memory.Carry, memory.Settings);
        }
        else
        {
            start(default, default);
        }
    }

    internal static void Kernel(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, ArrayView<float> output,
        ArrayView<StepCarry> carry, ArrayView<float> held, QuadExtent extent, TSettings settings)
    {
        int quads = TSource.TryGet(carry, held, ref settings) ? (extent.Count + 3) / 4 : 0, stride = Grid.DimX * Group.DimX;
        PhiloxDraw draw = TMap.Random(settings);
        LaneConstants<GpuFloat> constants = TMap.Constants<GpuFloat>(settings);
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            Words1 word0 = new((uint)quad), word1 = new(0), word2 = new(draw.Stream), word3 = new(draw.Step);
            Philox.Generate(ref word0, ref word1, ref word2, ref word3, draw.Key0, draw.Key1);
            int i = 4 * quad;
            Quad x = default, y = default, z = default;
            if (TMap.Inputs > 0)
            {
                x = extent.Load(a, i);
            }

            if (TMap.Inputs > 1)
            {
                y = extent.Load(b, i);
            }

            if (TMap.Inputs > 2)
            {
                z = extent.Load(c, i);
            }

            extent.Store(output, i, new Quad(
                One(x.X, y.X, z.X, word0, in constants),
                One(x.Y, y.Y, z.Y, word1, in constants),
                One(x.Z, y.Z, z.Z, word2, in constants),
                One(x.W, y.W, z.W, word3, in constants)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One(float a, float b, float c, Words1 word, in LaneConstants<GpuFloat> constants)
    {
        GpuFloat x = new(a), y = new(b), z = new(c);
        return TMap.Of(x, y, z, TMap.First(x, y, z, in constants), word, in constants).Value;
    }
}
