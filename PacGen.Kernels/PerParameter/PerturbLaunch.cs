using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>
/// Lines 6 to 10 of Algorithm 1 for all parameters in one pass: w + u, u sampled anew from the settings' seed, stream and step.
/// Parameter i, counted from the region's start, takes element i of <see cref="Core.Randomness.Philox"/>'s convention.
/// Moves 16 bytes a parameter: reads w, h and g, writes w + u.
/// </summary>
public abstract class PerturbLaunch : Launch
{
    /// <summary>The step's scalars; to be set before each run. <see cref="PerturbSettings.None"/> at first.</summary>
    public PerturbSettings Settings
    {
        get;
        set => (field, AreSent) = (value, false);
    } = PerturbSettings.None;

    /// <summary>Whether a device's memory holds them already.</summary>
    private protected bool AreSent { get; set; }

    /// <summary>False: the settings change.</summary>
    public override bool MayBeRecorded => false;

    /// <summary>Binds the pass to its memory.</summary>
    /// <typeparam name="TNoise">The distribution of u.</typeparam>
    /// <param name="device">The device.</param>
    /// <param name="weights">w.</param>
    /// <param name="secondMoment">h.</param>
    /// <param name="gradient">g of the last completed step.</param>
    /// <param name="output">Where w + u goes; may be any one of the three inputs.</param>
    /// <exception cref="ArgumentException">The regions differ in length or lie on another device.</exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static PerturbLaunch Create<TNoise>(Device device, Region weights, Region secondMoment, Region gradient, Region output)
        where TNoise : struct, INoise
    {
        Arena.Require(device, weights, secondMoment, gradient, output);
        return device switch
        {
            CpuDevice { Lanes: 16 } cpu => new PerturbCpu<TNoise, Float16, Words16>(cpu, weights, secondMoment, gradient, output),
            CpuDevice { Lanes: 8 } cpu => new PerturbCpu<TNoise, Float8, Words8>(cpu, weights, secondMoment, gradient, output),
            CpuDevice { Lanes: 4 } cpu => new PerturbCpu<TNoise, Float4, Words4>(cpu, weights, secondMoment, gradient, output),
            CpuDevice cpu => new PerturbCpu<TNoise, Float1, Words1>(cpu, weights, secondMoment, gradient, output),
            GpuDevice gpu => new PerturbGpu<TNoise>(gpu, weights, secondMoment, gradient, output),
            _ => throw Arena.Unsupported(device, "perturbation"),
        };
    }

    /// <summary>Lets the kernel go by a step's memory while that is in use.</summary>
    internal virtual void Follow(StepMemory memory) => throw new NotSupportedException();
}
