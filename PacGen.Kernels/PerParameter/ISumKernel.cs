using PacGen.Core.Perturbation;

namespace PacGen.Kernels;

/// <summary>
/// A sum over parameters on some device, and what each block of <see cref="BlockSum"/> came to in the last run.
/// </summary>
/// <typeparam name="TSettings">Its scalars.</typeparam>
internal interface ISumKernel<TSettings> : IPassKernel<TSettings>
    where TSettings : unmanaged
{
    /// <summary>Where the rows are on a GPU.</summary>
    GpuBuffer? Results { get; }

    /// <summary>
    /// A row of the blocks' first sums, then of the second, the first maxima and the second, as far as the terms have them.
    /// Waits for the run.
    /// </summary>
    float[] Read();

    /// <summary>How many rows there are.</summary>
    static int Rows<TTerms>()
        where TTerms : struct, ITerms<TSettings> => TTerms.Maxima > 0 ? 4 : TTerms.Sums;
}
