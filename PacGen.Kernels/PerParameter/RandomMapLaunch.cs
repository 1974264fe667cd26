using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels;

/// <summary>
/// Writes a number for each parameter from others and a random word, in one pass: w + u under noise of given levels, for
/// expected losses, sharpness (3) and certificates. Parameter i, counted from the region's start, takes element i of
/// <see cref="Core.Randomness.Philox"/>'s convention: the same bits for any vector width, thread count and device. What is
/// written is <see cref="IRandomMap{TSettings}"/>; lines 6 to 10 of Algorithm 1 are <see cref="PerturbLaunch"/>.
/// </summary>
/// <typeparam name="TSettings">The map's scalars.</typeparam>
public sealed class RandomMapLaunch<TSettings> : Launch
    where TSettings : unmanaged
{
    private readonly IPassKernel<TSettings> kernel;

    private RandomMapLaunch(IPassKernel<TSettings> kernel) => this.kernel = kernel;

    /// <summary>The scalars; to be set before each run.</summary>
    public TSettings Settings { get; set; }

    /// <summary>Only where the settings come from a training step's memory: arguments change.</summary>
    public override bool MayBeRecorded => kernel.Follows;

    /// <summary>Binds the pass to its memory.</summary>
    /// <typeparam name="TMap">What is written.</typeparam>
    /// <param name="device">The device.</param>
    /// <param name="output">Where that goes; may be any of the inputs.</param>
    /// <param name="inputs">What the map reads, <see cref="IRandomMap{TSettings}.Inputs"/> regions.</param>
    /// <returns>The pass, bound; each run of it writes once.</returns>
    /// <exception cref="ArgumentException">
    /// The regions differ in length, lie on another device, or are not as many as the map reads.
    /// </exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static RandomMapLaunch<TSettings> Create<TMap>(Device device, Region output, params ReadOnlySpan<Region> inputs)
        where TMap : struct, IRandomMap<TSettings> => Create<TMap, OwnSettings<TSettings>>(device, output, inputs);

    /// <summary>The same with settings that may come from elsewhere: see <see cref="Follow"/>.</summary>
    internal static RandomMapLaunch<TSettings> Create<TMap, TSource>(
        Device device, Region output, params ReadOnlySpan<Region> inputs)
        where TMap : struct, IRandomMap<TSettings>
        where TSource : struct, IStepSource<TSettings>
    {
        Arena.Require(device, typeof(TMap), TMap.Inputs, inputs);
        Arena.Require(device, [output, .. inputs]);

        // Regions that the map doesn't read stand for the output, and are not read.
        Region a = inputs.Length > 0 ? inputs[0] : output, b = inputs.Length > 1 ? inputs[1] : output;
        Region c = inputs.Length > 2 ? inputs[2] : output;
        return new RandomMapLaunch<TSettings>(device switch
        {
            CpuDevice { Lanes: 16 } cpu => new RandomMapCpu<TMap, TSettings, Float16, Words16>(cpu, a, b, c, output),
            CpuDevice { Lanes: 8 } cpu => new RandomMapCpu<TMap, TSettings, Float8, Words8>(cpu, a, b, c, output),
            CpuDevice { Lanes: 4 } cpu => new RandomMapCpu<TMap, TSettings, Float4, Words4>(cpu, a, b, c, output),
            CpuDevice cpu => new RandomMapCpu<TMap, TSettings, Float1, Words1>(cpu, a, b, c, output),
            GpuDevice gpu => new RandomMapGpu<TMap, TSettings, TSource>(gpu, a, b, c, output),
            _ => throw Arena.Unsupported(device, typeof(TMap).Name),
        });
    }

    /// <inheritdoc/>
    public override void Run()
    {
        kernel.Settings = Settings;
        kernel.Run();
    }

    /// <summary>Lets the kernel go by a step's memory while that is in use.</summary>
    internal void Follow(StepMemory memory) => kernel.Follow(memory);

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
