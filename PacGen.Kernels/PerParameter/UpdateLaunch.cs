using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>
/// Lines 11 and 12 of Algorithm 1 for all parameters in one pass: OPT's step on w, its kept numbers, h, and Σ(Δw)².
/// </summary>
/// <remarks>
/// Where OPT is <see cref="AdamRule"/> without weight decay or <see cref="AdamWRule"/> and its β₂ is Algorithm 1's β₁, Adam's v is h:
/// bind without a second moment and let <see cref="PerturbLaunch"/> read the second state. That moves 28 bytes a parameter, not 36.
/// </remarks>
public abstract class UpdateLaunch : Launch
{
    /// <summary>The step's scalars; to be set before each run.</summary>
    public UpdateSettings Settings { get; set; }

    /// <summary>False: the settings are arguments, and change.</summary>
    public override bool MayBeRecorded => false;

    /// <summary>
    /// ‖Δw‖² of the last run, of the weights as they were stored: the same bits for any width, thread count and device. Waits for the run.
    /// NaN or infinite where a weight, a number that the rule keeps, or h has become so.
    /// </summary>
    public abstract double SquaredChange { get; }

    /// <summary>Where the blocks' sums of the squared change are on a GPU.</summary>
    internal virtual GpuBuffer? BlockSums => null;

    /// <summary>Binds the pass to its memory.</summary>
    /// <typeparam name="TRule">OPT.</typeparam>
    /// <param name="device">The device.</param>
    /// <param name="weights">w, updated in place.</param>
    /// <param name="gradient">The gradient at w + u.</param>
    /// <param name="states">The rule's kept numbers, <see cref="IUpdateRule.StateCount"/> regions, zeroed before the first step; updated in place.</param>
    /// <param name="secondMoment">h, zeroed before the first step and updated in place, of the scaled gradient; null keeps no h.</param>
    /// <exception cref="ArgumentException">The regions differ in length, lie on another device, or are not as many as the rule asks for.</exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static UpdateLaunch Create<TRule>(
        Device device, Region weights, Region gradient, ReadOnlySpan<Region> states, Region? secondMoment = null)
        where TRule : struct, IUpdateRule
    {
        if (states.Length != TRule.StateCount)
        {
            throw new ArgumentException($"{typeof(TRule).Name} keeps {TRule.StateCount} numbers a parameter, but {states.Length} regions came.", nameof(states));
        }

        // Regions that a rule doesn't use stand for w, and are never touched.
        Region state0 = states.Length > 0 ? states[0] : weights, state1 = states.Length > 1 ? states[1] : weights;
        Region h = secondMoment ?? weights;
        Arena.Require(device, weights, gradient, state0, state1, h);
        return secondMoment is null
            ? On<TRule, WithoutSecondMoment>(device, weights, gradient, state0, state1, h)
            : On<TRule, WithSecondMoment>(device, weights, gradient, state0, state1, h);
    }

    /// <summary>Lets <see cref="StepScalars"/> in a buffer go before the settings.</summary>
    internal virtual void Follow(GpuBuffer scalars) => throw new NotSupportedException();

    private static UpdateLaunch On<TRule, TKeeping>(Device device, Region weights, Region gradient, Region state0, Region state1, Region h)
        where TRule : struct, IUpdateRule
        where TKeeping : struct, ISecondMomentKeeping => device switch
        {
            CpuDevice { Lanes: 16 } cpu => new UpdateCpu<TRule, TKeeping, Float16>(cpu, weights, gradient, state0, state1, h),
            CpuDevice { Lanes: 8 } cpu => new UpdateCpu<TRule, TKeeping, Float8>(cpu, weights, gradient, state0, state1, h),
            CpuDevice { Lanes: 4 } cpu => new UpdateCpu<TRule, TKeeping, Float4>(cpu, weights, gradient, state0, state1, h),
            CpuDevice cpu => new UpdateCpu<TRule, TKeeping, Float1>(cpu, weights, gradient, state0, state1, h),
            GpuDevice gpu => new UpdateGpu<TRule, TKeeping>(gpu, weights, gradient, state0, state1, h),
            _ => throw Arena.Unsupported(device, "update"),
        };
}
