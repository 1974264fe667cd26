using PacGen.Core.Perturbation;

namespace PacGen.Kernels;

/// <summary>
/// Sums and maxima over all parameters, or a part of them, in one pass: Ψ (24), the sums of Lemmas 6 and 8, what ρ is estimated
/// from, ‖g‖². What is added up is <see cref="ITerms{TSettings}"/>; the arithmetic is float, the sums the same bits for any
/// vector width, thread count and device.
/// </summary>
/// <typeparam name="TSettings">The terms' scalars.</typeparam>
/// <example>
/// <code>
/// using SumLaunch&lt;PsiSettings&gt; psi = SumLaunch&lt;PsiSettings&gt;.Create&lt;PsiTerm&gt;(device, weights, curvature);
/// psi.Settings = PsiSettings.Of(new Neighborhood(gamma: 0.1, epsilon: 0.1), rho, weights.Count);
/// psi.Run();
/// Console.WriteLine(psi.Result.Sum0);
/// </code>
/// </example>
public sealed class SumLaunch<TSettings> : Launch
    where TSettings : unmanaged
{
    private readonly ISumKernel<TSettings> kernel;
    private readonly int blocks;

    private SumLaunch(ISumKernel<TSettings> kernel, long count)
    {
        this.kernel = kernel;
        blocks = BlockSum.Blocks(count);
    }

    /// <summary>The scalars; to be set before each run.</summary>
    public TSettings Settings { get; set; }

    /// <summary>Only without settings: they are arguments, and change.</summary>
    public override bool MayBeRecorded => typeof(TSettings) == typeof(NoSettings);

    /// <summary>What the last run came to. Waits for it.</summary>
    public TermSums Result
    {
        get
        {
            float[] rows = kernel.Read();
            return new TermSums(Total(0), Total(1), Largest(2), Largest(3));

            double Total(int row) => Has(row) ? BlockSum.Total(rows.AsSpan(row * blocks, blocks)) : 0;

            double Largest(int row) => Has(row) ? BlockSum.Largest(rows.AsSpan(row * blocks, blocks)) : 0;

            bool Has(int row) => (row + 1) * blocks <= rows.Length;
        }
    }

    /// <summary>Where the blocks' first sums are on a GPU.</summary>
    internal GpuBuffer? BlockSums => kernel.Results;

    /// <summary>Binds the pass to its memory.</summary>
    /// <typeparam name="TTerms">What is added up.</typeparam>
    /// <param name="device">The device.</param>
    /// <param name="inputs">What the terms read, <see cref="ITerms{TSettings}.Inputs"/> regions.</param>
    /// <returns>The pass, bound; each run of it adds up once.</returns>
    /// <exception cref="ArgumentException">
    /// The regions differ in length, lie on another device, or are not as many as the terms read.
    /// </exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static SumLaunch<TSettings> Create<TTerms>(Device device, params ReadOnlySpan<Region> inputs)
        where TTerms : struct, ITerms<TSettings>
    {
        Arena.Require(device, typeof(TTerms), TTerms.Inputs, inputs);

        // Regions that the terms don't read stand for the first, and are never touched.
        Region a = inputs[0], b = inputs.Length > 1 ? inputs[1] : a, c = inputs.Length > 2 ? inputs[2] : a;
        return new SumLaunch<TSettings>(
            device switch
            {
                CpuDevice cpu => SumCpu<TSettings>.Create<TTerms>(cpu, a, b, c),
                GpuDevice { HasWarps: true } gpu => new SumGpu<TTerms, TSettings, WarpFold>(gpu, a, b, c),
                GpuDevice gpu => new SumGpu<TTerms, TSettings, GroupFold>(gpu, a, b, c),
                _ => throw Arena.Unsupported(device, typeof(TTerms).Name),
            },
            a.Count);
    }

    /// <inheritdoc/>
    public override void Run()
    {
        kernel.Settings = Settings;
        kernel.Run();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            kernel.Dispose();
        }

        base.Dispose(disposing);
    }
}
