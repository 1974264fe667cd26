namespace PacGen.Kernels;

/// <summary>A pass over parameters on some device.</summary>
/// <typeparam name="TSettings">Its scalars.</typeparam>
internal interface IPassKernel<TSettings> : IDisposable
    where TSettings : unmanaged
{
    /// <summary>The scalars of the next run.</summary>
    TSettings Settings { get; set; }

    /// <summary>Whether <see cref="Follow"/> was called: then no argument changes while steps are in flight.</summary>
    bool Follows => false;

    void Run();

    /// <summary>Lets the kernel go by a step's memory while that is in use.</summary>
    void Follow(StepMemory memory) => throw new NotSupportedException();
}
