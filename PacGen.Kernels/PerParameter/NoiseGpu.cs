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
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, NoiseSettings> kernel;
    private readonly ArrayView<float> weights, levels, output;
    private readonly KernelConfig grid;
    private readonly int count;

    public NoiseGpu(GpuDevice device, Region weights, Region levels, Region output)
    {
        this.weights = GpuDevice.View(weights);
        this.levels = GpuDevice.View(levels);
        this.output = GpuDevice.View(output);
        count = BlockSumGpu.Count(device, weights.Count);
        grid = device.Grid((weights.Count + 3) / 4);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, int, NoiseSettings>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, weights, levels, output, count, Settings);

    internal static void Kernel(
        ArrayView<float> w, ArrayView<float> s, ArrayView<float> target, int count, NoiseSettings settings)
    {
        int quads = (count + 3) / 4, stride = Grid.DimX * Group.DimX;
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            Words1 word0 = new((uint)quad), word1 = new(0), word2 = new(settings.Stream), word3 = new(settings.Step);
            Philox.Generate(ref word0, ref word1, ref word2, ref word3, settings.Key0, settings.Key1);
            int i = 4 * quad;
            One(w, s, target, i, count, word0, settings);
            One(w, s, target, i + 1, count, word1, settings);
            One(w, s, target, i + 2, count, word2, settings);
            One(w, s, target, i + 3, count, word3, settings);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(
        ArrayView<float> w, ArrayView<float> s, ArrayView<float> target, int i, int count, Words1 word, NoiseSettings settings)
    {
        if (i < count)
        {
            GpuFloat weight = new(w[i]), sigma = new(settings.Sigma);
            if (TLevels.Own)
            {
                sigma *= new GpuFloat(s[i]);
            }

            GpuFloat kappa = Kappa.Of(weight, new GpuFloat(settings.Gamma), new GpuFloat(settings.Epsilon));
            target[i] = (weight + TNoise.Sample(sigma, kappa, word)).Value;
        }
    }
}
