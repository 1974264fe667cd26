using PacGen.Plots;
using PacGen.Nn;

namespace PacGen.Benchmarks.Measuring;

/// <summary>The spectral density of a network's Hessian as a picture.</summary>
internal static class DensityPicture
{
    private const int Width = 900, Height = 560, Points = 2000;

    // What lies further below the peak is the tail of a Gaussian that stands for a node, not of the spectrum.
    private const double Range = 1e-9;

    /// <summary>Draws the density, each node of the quadrature a narrow Gaussian.</summary>
    /// <param name="path">The file that it is for: its extension names the format.</param>
    /// <param name="network">The network's name.</param>
    /// <param name="density">The density.</param>
    /// <returns>The file's bytes.</returns>
    public static byte[] Draw(string path, string network, SpectralDensity density)
    {
        double margin = 5 * density.Width, low = density.Smallest - margin, high = density.Largest + margin;
        double[] at = [.. Enumerable.Range(0, Points).Select(i => low + ((high - low) * i / (Points - 1)))];
        double[] values = [.. at.Select(eigenvalue => density.At(eigenvalue))];
        double peak = values.Max();
        using Page page = new($"Spectral density of the Hessian: {network}", Width, Height);
        Panel panel = new(
            $"{density.Count:N0} eigenvalues from {density.Smallest:G3} to {density.Largest:G3}; {density.Probes} random vectors",
            new Axis("eigenvalue λ of the Hessian ∇²L"),
            new Axis("density (logarithmic)", true) { Ends = (peak * Range, peak * 3) });
        panel.Add(new Curve("", at, [.. values.Select(value => Math.Max(value, peak * Range))]));
        page.AddRows(1, panel);
        return page.Encode(path);
    }
}
