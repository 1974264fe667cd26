using PacGen.Kernels.Devices;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

/// <summary>w + u with u from the truncated Gaussian of level σ on (−κ, κ), weight by weight, drawn as often as is asked for.</summary>
internal sealed class NoisyWeights : IDisposable
{
    private readonly Buffer sigma, kappa;
    private float[] hostSigma = [];
    private readonly float[] hostKappa;
    private readonly ParameterArena arena;
    private readonly ulong seed;

    /// <param name="arena">w.</param>
    /// <param name="seed">The run's seed.</param>
    public NoisyWeights(ParameterArena arena, ulong seed)
    {
        this.arena = arena;
        this.seed = seed;
        Weights = arena.Device.Allocate(arena.Count);
        sigma = arena.Device.Allocate(arena.Count);
        kappa = arena.Device.Allocate(arena.Count);
        hostKappa = new float[arena.Count];
    }

    /// <summary>Where w + u goes.</summary>
    public Buffer Weights { get; }

    /// <summary>Sets σ and κ.</summary>
    public void Set(ReadOnlySpan<float> levels, ReadOnlySpan<float> widths)
    {
        sigma.Write(0, levels);
        kappa.Write(0, widths);
        hostSigma = levels.ToArray();
        widths.CopyTo(hostKappa);
    }

    /// <summary>Draws u anew.</summary>
    /// <param name="stream">The stream of the run's random numbers.</param>
    /// <param name="step">The step: each has a u of its own.</param>
    public void Draw(uint stream, uint step)
    {
        float[] w = arena.Save();
        System.Threading.Tasks.Parallel.For(0, 2, t =>
        {
            Random r = new(HashCode.Combine(seed, stream, step, t));
            int from = t == 0 ? 0 : w.Length / 2, to = t == 0 ? w.Length / 2 : w.Length;
            for (int i = from; i < to; i++)
            {
                double a = Math.Sqrt(-2 * Math.Log(1 - r.NextDouble()));
                double g = a * Math.Cos(2 * Math.PI * r.NextDouble());
                w[i] += (float)Math.Clamp(g * hostSigma[i], -hostKappa[i], hostKappa[i]);
            }
        });
        Weights.Write(0, w);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        sigma.Dispose();
        kappa.Dispose();
        Weights.Dispose();
    }
}
