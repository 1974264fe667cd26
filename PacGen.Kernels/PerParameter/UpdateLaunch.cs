using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using PacGen.Core.Lanes;
using PacGen.Core.Optimization;

namespace PacGen.Kernels;

/// <summary>
/// Lines 11 and 12 of Algorithm 1 for all parameters in one pass: OPT's step on w, its states, h, and Σ(Δw)².
/// </summary>
/// <remarks>
/// Where OPT is <see cref="AdamRule"/> without weight decay or <see cref="AdamWRule"/> and its β₂ is Algorithm 1's β₁, Adam's v
/// is h: bind without a second moment and let <see cref="PerturbLaunch"/> read v. That moves 28 bytes a parameter, not 36.
/// </remarks>
public abstract class UpdateLaunch : Launch
{
    private protected UpdateLaunch()
    {
    }

    /// <summary>False: the settings change.</summary>
    public override bool MayBeRecorded => false;

    /// <summary>
    /// ‖Δw‖² of the last run, of the weights as they were stored: the same bits for any width, thread count and device. Waits for
    /// the run. NaN or infinite where a weight, a number that the rule keeps, or h has become so.
    /// </summary>
    public abstract double SquaredChange { get; }

    /// <summary>Where the blocks' sums of the squared change are on a GPU.</summary>
    internal virtual GpuBuffer? BlockSums => null;

    /// <summary>The floats of a whole step's settings with the rule's.</summary>
    internal abstract int StepFloats { get; }

    /// <summary>Binds the pass to its memory.</summary>
    /// <typeparam name="TRule">OPT.</typeparam>
    /// <param name="device">The device.</param>
    /// <param name="weights">w, updated in place.</param>
    /// <param name="gradient">The gradient at w + u.</param>
    /// <param name="states">The rule's states, a region for each of <see cref="IUpdateRule.StateNames"/>, zeroed before the first
    /// step; updated in place.</param>
    /// <param name="secondMoment">h, zeroed before the first step and updated in place, of the scaled gradient; null keeps no
    /// h.</param>
    /// <returns>The pass, bound; each run of it is one update.</returns>
    /// <exception cref="ArgumentException">
    /// The regions differ in length, lie on another device, or are not as many as the rule asks for; the rule has a field that is
    /// neither a float nor a 32-bit integer.
    /// </exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static UpdateLaunch<TRule> Create<TRule>(
        Device device, Region weights, Region gradient, ReadOnlySpan<Region> states, Region? secondMoment = null)
        where TRule : unmanaged, IUpdateRule
    {
        if (states.Length != TRule.StateNames.Count)
        {
            throw new ArgumentException(
                $"{typeof(TRule).Name} keeps {TRule.StateNames.Count} numbers a parameter, but {states.Length} regions came.",
                nameof(states));
        }

        if (!IsPlain(typeof(TRule)))
        {
            throw new ArgumentException(
                $"{typeof(TRule).Name} has a field that is neither a float nor a 32-bit integer: others can't be sent to a " +
                $"device.");
        }

        UpdateRegions regions = new(weights, gradient, secondMoment ?? weights, [.. states]);
        Arena.Require(device, [weights, gradient, regions.SecondMoment, .. states]);
        return secondMoment is null
            ? Keeping<TRule, WithoutSecondMoment>(device, regions)
            : Keeping<TRule, WithSecondMoment>(device, regions);
    }

    /// <summary>Writes a whole step's settings with the rule's.</summary>
    internal abstract void Fill(Span<float> target, in StepSettings step);

    /// <summary>Lets the kernel go by a step's memory while that is in use.</summary>
    internal virtual void Follow(StepMemory memory) => throw new NotSupportedException();

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Fields that nothing reads matter to no device.")]
    private static bool IsPlain(Type type) => type == typeof(float) || type == typeof(int) || type == typeof(uint)
        || (!type.IsPrimitive && !type.IsEnum
            && type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).All(
                field => IsPlain(field.FieldType)));

    private static UpdateLaunch<TRule> Keeping<TRule, TKeeping>(Device device, UpdateRegions regions)
        where TRule : unmanaged, IUpdateRule
        where TKeeping : struct, ISecondMomentKeeping => regions.States.Length switch
        {
            0 => On<TRule, NoStates, TKeeping>(device, regions),
            1 => On<TRule, OneState, TKeeping>(device, regions),
            2 => On<TRule, TwoStates, TKeeping>(device, regions),
            3 => On<TRule, ThreeStates, TKeeping>(device, regions),
            States<Float1>.Most => On<TRule, FourStates, TKeeping>(device, regions),
            int many => throw new ArgumentException(
                $"{typeof(TRule).Name} keeps {many} numbers a parameter, but at most {States<Float1>.Most} can be kept."),
        };

    private static UpdateLaunch<TRule> On<TRule, TStates, TKeeping>(Device device, UpdateRegions regions)
        where TRule : unmanaged, IUpdateRule
        where TStates : struct, IStateCount
        where TKeeping : struct, ISecondMomentKeeping => device switch
        {
            CpuDevice { Lanes: 16 } cpu => new UpdateCpu<TRule, TStates, TKeeping, Float16>(cpu, regions),
            CpuDevice { Lanes: 8 } cpu => new UpdateCpu<TRule, TStates, TKeeping, Float8>(cpu, regions),
            CpuDevice { Lanes: 4 } cpu => new UpdateCpu<TRule, TStates, TKeeping, Float4>(cpu, regions),
            CpuDevice cpu => new UpdateCpu<TRule, TStates, TKeeping, Float1>(cpu, regions),
            GpuDevice gpu => new UpdateGpu<TRule, TStates, TKeeping>(gpu, regions),
            _ => throw Arena.Unsupported(device, "update"),
        };
}
