using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PacGen.Core.Optimization;

namespace PacGen.Kernels;

/// <summary>The update by one rule; made by <see cref="UpdateLaunch.Create{TRule}"/>.</summary>
/// <typeparam name="TRule">OPT.</typeparam>
public abstract class UpdateLaunch<TRule> : UpdateLaunch
    where TRule : unmanaged, IUpdateRule
{
    private protected UpdateLaunch()
    {
    }

    /// <summary>The step's settings; to be set before each run.</summary>
    public UpdateSettings<TRule> Settings
    {
        get;
        set => (field, AreSent) = (value, false);
    }

    /// <summary>Whether a device's memory holds them already.</summary>
    private protected bool AreSent { get; set; }

    /// <inheritdoc/>
    internal override int StepFloats => Unsafe.SizeOf<StepSettings<TRule>>() / sizeof(float);

    /// <inheritdoc/>
    internal override void Fill(Span<float> target, in StepSettings step) =>
        MemoryMarshal.Write(MemoryMarshal.AsBytes(target), new StepSettings<TRule> { Step = step, Update = Settings });
}
