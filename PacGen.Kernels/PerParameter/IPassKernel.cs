namespace PacGen.Kernels.PerParameter;

/// <summary>A pass over parameters on some device.</summary>
/// <typeparam name="TSettings">Its scalars.</typeparam>
internal interface IPassKernel<TSettings> : IDisposable
    where TSettings : unmanaged
{
    /// <summary>The scalars of the next run.</summary>
    TSettings Settings { get; set; }

    void Run();
}
