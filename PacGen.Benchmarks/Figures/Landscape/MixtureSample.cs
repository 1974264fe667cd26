using PacGen.Core.Randomness;

namespace PacGen.Benchmarks.Figures.Landscape;

/// <summary>
/// The samples of Figure 1: points of an equal mixture of three Gaussians in the plane, with binary labels. A point's first label
/// is the number of its Gaussian, 0, 1 or 2; it is made binary by thresholding at the median of these labels, which is 1 unless
/// one Gaussian drew half of the points: 1 for points above the median, 0 for the others.
/// </summary>
internal sealed class MixtureSample
{
    /// <summary>The standard deviation of each Gaussian, in both directions.</summary>
    public const double Deviation = 1;

    /// <summary>The centres are uniform over the square ±this.</summary>
    public const double CentreRange = 3;

    /// <summary>Draws centres and points.</summary>
    /// <param name="seed">Decides all of it.</param>
    /// <param name="count">The number of points, n.</param>
    public MixtureSample(ulong seed, int count = 100)
    {
        // Streams of their own: the centres don't move with the number of points.
        RandomStream centres = new(seed, 0), points = new(seed, 1);
        Centres = [.. Enumerable.Range(0, 3).Select(
            _ => (CentreRange * ((2 * centres.NextUniform()) - 1), CentreRange * ((2 * centres.NextUniform()) - 1)))];
        X = new double[count];
        Y = new double[count];
        Component = new int[count];
        for (int i = 0; i < count; i++)
        {
            Component[i] = points.NextBelow(3);
            X[i] = Centres[Component[i]].X + (Deviation * points.NextGaussian());
            Y[i] = Centres[Component[i]].Y + (Deviation * points.NextGaussian());
        }

        int[] sorted = [.. Component.Order()];
        double median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0;
        Label = [.. Component.Select(component => component > median ? 1 : 0)];
    }

    /// <summary>The Gaussians' centres.</summary>
    public IReadOnlyList<(double X, double Y)> Centres { get; }

    /// <summary>The number of points, n.</summary>
    public int Count => X.Length;

    /// <summary>The points' first coordinates.</summary>
    public double[] X { get; }

    /// <summary>The points' second coordinates.</summary>
    public double[] Y { get; }

    /// <summary>Which Gaussian each point came from.</summary>
    public int[] Component { get; }

    /// <summary>The binary labels.</summary>
    public int[] Label { get; }
}
