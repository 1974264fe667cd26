using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>A reduction over parameters on some device: its scalars, and what each block of <see cref="BlockSum"/> came to in the last run.</summary>
/// <typeparam name="TSettings">Its scalars.</typeparam>
internal interface IReduction<TSettings> : IDisposable
    where TSettings : unmanaged
{
    TSettings Settings { get; set; }

    /// <summary>The blocks' first sums. Waits for the run, as all of these do.</summary>
    float[] Sums0 { get; }

    float[] Sums1 { get; }

    float[] Largest0 { get; }

    float[] Largest1 { get; }

    void Run();

    /// <summary>Binds a reduction; regions that the terms don't read stand for the first.</summary>
    static IReduction<TSettings> Create<TTerms>(Device device, Region a, Region b, Region c, string name)
        where TTerms : struct, ITerms<TSettings> => device switch
        {
            CpuDevice cpu => ReduceCpu<TSettings>.Create<TTerms>(cpu, a, b, c),
            GpuDevice gpu => new ReduceGpu<TTerms, TSettings>(gpu, a, b, c),
            _ => throw Arena.Unsupported(device, name),
        };
}
