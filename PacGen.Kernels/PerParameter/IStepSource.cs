using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// Where a kernel's settings come from, as a type argument: its arguments, or a training step's memory on the device.
/// </summary>
/// <typeparam name="TSettings">The settings.</typeparam>
internal interface IStepSource<TSettings>
    where TSettings : unmanaged
{
    /// <summary>In a kernel: the settings; false where the kernel is to do nothing.</summary>
    /// <param name="carry">What the last step handed on; empty where the arguments hold.</param>
    /// <param name="step">The step's settings.</param>
    /// <param name="settings">The arguments, which the step's settings replace.</param>
    static abstract bool TryGet(ArrayView<StepCarry> carry, ArrayView<float> step, ref TSettings settings);
}

/// <summary>Always the arguments.</summary>
internal readonly struct OwnSettings<TSettings> : IStepSource<TSettings>
    where TSettings : unmanaged
{
    public static bool TryGet(ArrayView<StepCarry> carry, ArrayView<float> step, ref TSettings settings) => true;
}
