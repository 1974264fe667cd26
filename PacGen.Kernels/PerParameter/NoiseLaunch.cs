using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>
/// w + u for all parameters in one pass, u drawn anew at given levels σ from the settings' seed, stream and step: for expected
/// losses under a perturbation, sharpness (3) and certificates. Parameter i, counted from the region's start, takes element i
/// of <see cref="Core.Randomness.Philox"/>'s convention. Moves 12 bytes a parameter, or 8 with one level for all.
/// </summary>
public abstract class NoiseLaunch : Launch
{
    /// <summary>The draw's scalars; to be set before each run. σ = 0 at first: w + u is w.</summary>
    public NoiseSettings Settings { get; set; }

    /// <summary>False: the settings are arguments, and change.</summary>
    public override bool MayBeRecorded => false;

    /// <summary>Binds the pass to its memory.</summary>
    /// <typeparam name="TNoise">The distribution of u.</typeparam>
    /// <param name="device">The device.</param>
    /// <param name="weights">w; also what κ = γ|w| + ε is taken from.</param>
    /// <param name="levels">Each parameter's level, which <see cref="NoiseSettings.Sigma"/> multiplies; or null where that is the level of all.</param>
    /// <param name="output">Where w + u goes; may be either of the two inputs.</param>
    /// <exception cref="ArgumentException">The regions differ in length or lie on another device.</exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static NoiseLaunch Create<TNoise>(Device device, Region weights, Region? levels, Region output)
        where TNoise : struct, INoise
    {
        Arena.Require(device, weights, levels ?? weights, output);
        return levels is { } own
            ? Create<TNoise, OwnLevels>(device, weights, own, output)
            : Create<TNoise, OneLevel>(device, weights, weights, output);
    }

    private static NoiseLaunch Create<TNoise, TLevels>(Device device, Region weights, Region levels, Region output)
        where TNoise : struct, INoise
        where TLevels : struct, IOwnLevels => device switch
        {
            CpuDevice { Lanes: 16 } cpu => new NoiseCpu<TNoise, TLevels, Float16, Words16>(cpu, weights, levels, output),
            CpuDevice { Lanes: 8 } cpu => new NoiseCpu<TNoise, TLevels, Float8, Words8>(cpu, weights, levels, output),
            CpuDevice { Lanes: 4 } cpu => new NoiseCpu<TNoise, TLevels, Float4, Words4>(cpu, weights, levels, output),
            CpuDevice cpu => new NoiseCpu<TNoise, TLevels, Float1, Words1>(cpu, weights, levels, output),
            GpuDevice gpu => new NoiseGpu<TNoise, TLevels>(gpu, weights, levels, output),
            _ => throw Arena.Unsupported(device, "noise"),
        };
}
