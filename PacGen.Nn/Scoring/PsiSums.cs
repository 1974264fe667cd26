using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>The sums of (24) at any ρ, over all parameters and over each.</summary>
internal sealed class PsiSums : IDisposable
{
    private readonly ParameterArena arena;
    private readonly Neighborhood neighborhood;
    private readonly SumLaunch<PsiSettings> whole;
    private readonly List<SumLaunch<PsiSettings>> layers = [];
    private readonly double[] meanCurvature;

    public PsiSums(ParameterArena arena, DeviceBuffer curvature, Neighborhood neighborhood)
    {
        this.arena = arena;
        this.neighborhood = neighborhood;
        try
        {
            whole = SumLaunch<PsiSettings>.Create<PsiTerm>(arena.Device, new Region(arena.Weights), new Region(curvature));
            layers.AddRange(arena.Parameters.Select((_, i) => SumLaunch<PsiSettings>.Create<PsiTerm>(
                arena.Device, arena.Segment(arena.Weights, i), arena.Segment(curvature, i))));
            meanCurvature =
                [.. arena.Parameters.Select((_, i) => arena.Segment(curvature, i).ToArray().Average(value => (double)value))];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>m.</summary>
    public long Count => arena.Count;

    /// <summary>Ψ at a ρ, which it grows with, and the share of weights that take the 1/κ branch there.</summary>
    public (double Psi, double KappaShare) At(double rho)
    {
        whole.Settings = PsiSettings.Of(neighborhood, rho, arena.Count);
        whole.Run();
        TermSums sums = whole.Result;
        return (sums.Sum0, sums.Sum1 / arena.Count);
    }

    /// <summary>Each parameter's part at a ρ.</summary>
    public LayerScore[] Layers(double rho)
    {
        LayerScore[] parts = new LayerScore[layers.Count];
        for (int i = 0; i < parts.Length; i++)
        {
            layers[i].Settings = PsiSettings.Of(neighborhood, rho, arena.Count);
            layers[i].Run();
            TermSums sums = layers[i].Result;
            long count = arena.Parameters[i].Shape.Count;
            parts[i] = new LayerScore(arena.Parameters[i].Name, count, sums.Sum0, meanCurvature[i], sums.Sum1 / count);
        }

        return parts;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        whole?.Dispose();
        layers.ForEach(layer => layer.Dispose());
    }
}
