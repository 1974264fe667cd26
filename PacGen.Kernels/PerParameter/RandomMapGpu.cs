using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels.Devices;
using PacGen.Kernels.Gpu;

namespace PacGen.Kernels.PerParameter;

/// <summary>A random map on a GPU: a thread takes the four parameters of one Philox counter at a time.</summary>
internal sealed class RandomMapGpu<TMap, TSettings> : Launch, IPassKernel<TSettings>
    where TMap : struct, IRandomMap<TSettings>
    where TSettings : unmanaged
{
    private readonly Action start;

    public RandomMapGpu(GpuDevice device, Region a, Region b, Region c, Region output)
    {
        QuadExtent extent = new(BlockSumGpu.Count(device, output.Count), a, b, c, output);
        KernelConfig grid = device.Grid((output.Count + 3) / 4);
        ArrayView<float> a0 = GpuDevice.View(a), b0 = GpuDevice.View(b), c0 = GpuDevice.View(c), y = GpuDevice.View(output);
        var kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, QuadExtent, TSettings>(Kernel));
        start = () => kernel(grid, a0, b0, c0, y, extent, Settings);
    }

    /// <inheritdoc/>
    public TSettings Settings { get; set; }

    /// <inheritdoc/>
    public override void Run() => start();

    internal static void Kernel(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, ArrayView<float> output, QuadExtent extent, TSettings settings)
    {
        int quads = (extent.Count + 3) / 4, stride = Grid.DimX * Group.DimX;
        (uint key0, uint key1, uint stream, uint step) = TMap.Random(settings);
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            Words1 word0 = new((uint)quad), word1 = new(0), word2 = new(stream), word3 = new(step);
            Philox.Generate(ref word0, ref word1, ref word2, ref word3, key0, key1);
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
                One(x.X, y.X, z.X, word0, settings),
                One(x.Y, y.Y, z.Y, word1, settings),
                One(x.Z, y.Z, z.Z, word2, settings),
                One(x.W, y.W, z.W, word3, settings)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One(float a, float b, float c, Words1 word, TSettings settings)
    {
        GpuFloat x = new(a), y = new(b), z = new(c);
        return TMap.Of(x, y, z, TMap.First(x, y, z, settings), word, settings).Value;
    }
}
