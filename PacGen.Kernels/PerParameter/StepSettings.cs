using ILGPU;
using PacGen.Core.Optimization;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels;

/// <summary>
/// What the kernels of a step need of the host, but for its rule: in the device's memory, so that every launch has the same
/// arguments in every step.
/// </summary>
/// <remarks>All within has 4 bytes: ILGPU lays nested structs out flat, without the padding that C# has at their ends.</remarks>
internal struct StepSettings
{
    /// <summary>The gradient's largest norm.</summary>
    public SplitDouble LargestNorm;

    /// <summary><see cref="Rho.Numerator"/>.</summary>
    public SplitDouble Numerator;

    /// <summary>The perturbation's. Its scales of ρ and of the gradient stand in <see cref="StepCarry"/>.</summary>
    public PerturbSettings Perturb;
}

/// <summary>The same with the update's, which begins alike.</summary>
internal struct StepSettings<TRule>
    where TRule : unmanaged, IUpdateRule
{
    public StepSettings Step;
    public UpdateSettings<TRule> Update;
}

/// <summary>A double in two words, for devices that don't all know doubles.</summary>
internal readonly struct SplitDouble(double value)
{
    private readonly uint high = (uint)(BitConverter.DoubleToUInt64Bits(value) >> 32);
    private readonly uint low = (uint)BitConverter.DoubleToUInt64Bits(value);

    public double Value => BitConverter.Int64BitsToDouble((long)(((ulong)high << 32) | low));
}

/// <summary>What the kernels of a step, and of the next, hand each other.</summary>
internal struct StepCarry
{
    /// <summary>Other than 0 where a step has ended badly, and nothing is to change any more.</summary>
    public int Refused;

    /// <summary>What the gradient is multiplied by.</summary>
    public float GradientScale;

    /// <summary>ρ's scale; see <see cref="Rho.Scale"/>.</summary>
    public float RhoScale;
}

/// <summary>
/// The settings of a step's perturbation, with what the last step has left; nothing is perturbed behind a step that has ended
/// badly.
/// </summary>
internal readonly struct StepPerturbation : IStepSource<PerturbSettings>
{
    public static bool TryGet(ArrayView<StepCarry> carry, ArrayView<float> step, ref PerturbSettings settings)
    {
        if (carry.Length == 0)
        {
            return true;
        }

        settings = step.Cast<StepSettings>()[0].Perturb;
        settings.GradientScale = carry[0].GradientScale;
        settings.RhoScale = carry[0].RhoScale;
        return carry[0].Refused == 0;
    }
}
