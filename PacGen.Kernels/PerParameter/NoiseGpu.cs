using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels.Devices;
using PacGen.Kernels.Gpu;

namespace PacGen.Kernels.PerParameter;

/// <summary>Noise of given levels on a GPU: a thread takes the four parameters of one Philox counter at a time.</summary>
internal sealed class NoiseGpu<TNoise, TLevels> : NoiseLaunch
    where TNoise : struct, INoise
    where TLevels : struct, IOwnLevels
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, QuadExtent, NoiseSettings> kernel;
    private readonly ArrayView<float> weights, levels, output;
    private readonly KernelConfig grid;
    private readonly QuadExtent extent;

    public NoiseGpu(GpuDevice device, Region weights, Region levels, Region output)
    {
        this.weights = GpuDevice.View(weights);
        this.levels = GpuDevice.View(levels);
        this.output = GpuDevice.View(output);
        extent = new QuadExtent(BlockSumGpu.Count(device, weights.Count), weights, levels, output);
        grid = device.Grid((weights.Count + 3) / 4);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, QuadExtent, NoiseSettings>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, weights, levels, output, extent, Settings);

    internal static void Kernel(
        ArrayView<float> w, ArrayView<float> s, ArrayView<float> target, QuadExtent extent, NoiseSettings settings)
    {
        int quads = (extent.Count + 3) / 4, stride = Grid.DimX * Group.DimX;
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            Words1 word0 = new((uint)quad), word1 = new(0), word2 = new(settings.Stream), word3 = new(settings.Step);
            Philox.Generate(ref word0, ref word1, ref word2, ref word3, settings.Key0, settings.Key1);
            int i = 4 * quad;
            Quad weights = extent.Load(w, i), levels = default;
            if (TLevels.Own)
            {
                levels = extent.Load(s, i);
            }

            extent.Store(target, i, new Quad(
                Noisy(weights.X, levels.X, word0, settings),
                Noisy(weights.Y, levels.Y, word1, settings),
                Noisy(weights.Z, levels.Z, word2, settings),
                Noisy(weights.W, levels.W, word3, settings)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Noisy(float w, float level, Words1 word, NoiseSettings settings)
    {
        GpuFloat weight = new(w), sigma = new(settings.Sigma);
        if (TLevels.Own)
        {
            sigma *= new GpuFloat(level);
        }

        GpuFloat kappa = Kappa.Of(weight, new GpuFloat(settings.Gamma), new GpuFloat(settings.Epsilon));
        return (weight + TNoise.Sample(sigma, kappa, word)).Value;
    }
}
