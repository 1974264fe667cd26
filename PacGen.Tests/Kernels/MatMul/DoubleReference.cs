namespace PacGen.Tests.Kernels;

/// <summary>
/// Sums of products in double precision, with the sums of their absolute values, against which an error is measured.
/// </summary>
internal sealed class DoubleReference(int count)
{
    private readonly double[] sums = new double[count];
    private readonly double[] sizes = new double[count];

    /// <summary>Numbers between −1 and 1.</summary>
    public static float[] Random(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (random.NextSingle() * 2f) - 1f;
        }

        return values;
    }

    public void Add(int at, double a, double b)
    {
        sums[at] += a * b;
        sizes[at] += Math.Abs(a * b);
    }

    /// <summary>
    /// The largest error of a sum, relative to the sum of its terms' absolute values; infinite where a result is NaN.
    /// </summary>
    public double Error(float[] values)
    {
        Assert.That(values, Has.Length.EqualTo(sums.Length));
        double worst = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double error = Math.Abs(values[i] - sums[i]);
            double relative = error == 0 ? 0 : error / sizes[i];
            worst = double.IsNaN(relative) ? double.PositiveInfinity : Math.Max(worst, relative);
        }

        return worst;
    }

    /// <summary>
    /// The largest error of a sum, relative to the largest of all sums of absolute values; infinite where a result is NaN.
    /// </summary>
    public double ErrorOfAll(float[] values)
    {
        Assert.That(values, Has.Length.EqualTo(sums.Length));
        double worst = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double error = Math.Abs(values[i] - sums[i]);
            worst = double.IsNaN(error) ? double.PositiveInfinity : Math.Max(worst, error);
        }

        return worst / sizes.Max();
    }
}
