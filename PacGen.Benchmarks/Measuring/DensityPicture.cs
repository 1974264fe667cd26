using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;
using PacGen.Plots;

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
    /// <param name="size">How large.</param>
    /// <param name="density">The density.</param>
    /// <returns>The file's bytes.</returns>
    public static byte[] Draw(string path, string network, PageSize size, SpectralDensity density)
    {
        using Page page = new($"Spectral density of the Hessian: {network}", Width, Height);
        page.AddRows(1, Of(density));
        return page.Encode(path, size);
    }

    /// <summary>The panel of the picture.</summary>
    public static Panel Of(SpectralDensity density)
    {
        double margin = 5 * density.Width, low = density.Smallest - margin, high = density.Largest + margin;
        double[] at = [.. Enumerable.Range(0, Points).Select(i => low + ((high - low) * i / (Points - 1)))];
        double[] values = [.. at.Select(eigenvalue => density.At(eigenvalue))];
        double peak = values.Max();
        Panel panel = new(
            Prose.Line($"""
                {density.Count:N0} eigenvalues from {Short(density.Smallest)} to {Short(density.Largest)}; {density.Probes} random
                vectors
                """),
            new Axis("eigenvalue λ of the Hessian ∇²L"),
            new Axis("density (logarithmic)", true) { Ends = (peak * Range, peak * 3) });
        panel.Add(new Curve("", at, [.. values.Select(value => Math.Max(value, peak * Range))]));
        return panel;
    }

    private static string Short(double value) => Ticks.Text(
        double.Parse(value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
}
