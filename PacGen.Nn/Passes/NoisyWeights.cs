using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// w + u with u from truncated Gaussians, N(0, σᵢ²) on [−κᵢ, κᵢ], κ = γ|w| + ε, drawn as often as is asked for.
/// </summary>
internal sealed class NoisyWeights : IDisposable
{
    private readonly RandomMapLaunch<NoiseSettings> launch;
    private readonly Neighborhood neighborhood;
    private readonly ulong seed;

    /// <param name="arena">w.</param>
    /// <param name="neighborhood">γ and ε.</param>
    /// <param name="seed">The run's seed.</param>
    public NoisyWeights(ParameterArena arena, Neighborhood neighborhood, ulong seed)
    {
        this.neighborhood = neighborhood;
        this.seed = seed;
        try
        {
            Weights = arena.Device.Allocate(arena.Count);
            Levels = arena.Device.Allocate(arena.Count);
            launch = RandomMapLaunch<NoiseSettings>.Create<NoiseOfOwnLevels<TruncatedGaussianNoise>>(
                arena.Device, new Region(Weights), new Region(arena.Weights), new Region(Levels));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where w + u goes.</summary>
    public DeviceBuffer Weights { get; }

    /// <summary>σ.</summary>
    public DeviceBuffer Levels { get; }

    /// <summary>Sets σ.</summary>
    public void Set(ReadOnlySpan<float> sigma) => Levels.Write(0, sigma);

    /// <summary>Draws u anew.</summary>
    /// <param name="stream">The stream of the run's random numbers.</param>
    /// <param name="step">The step: each has a u of its own.</param>
    public void Draw(uint stream, uint step)
    {
        launch.Settings = NoiseSettings.Within(1, neighborhood, seed, stream, step);
        launch.Run();
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        launch?.Dispose();
        Levels?.Dispose();
        Weights?.Dispose();
    }
}
