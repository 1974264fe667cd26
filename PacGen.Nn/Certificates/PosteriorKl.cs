using MathNet.Numerics;

namespace PacGen.Nn;

internal static class PosteriorKl
{
    public static double Of(float[] w, float[] sigma, float[] kappa, float[] w0, float[] s)
    {
        double sum = 0;
        for (int i = 0; i < w.Length; i++)
        {
            double si = sigma[i], k = kappa[i] / si, z = SpecialFunctions.Erf(k / Math.Sqrt(2));
            double v = si * si * (1 - (2 * k * Math.Exp(-k * k / 2) / Math.Sqrt(2 * Math.PI) / z));
            double d = (double)w[i] - w0[i], s2 = (double)s[i] * s[i];
            sum += Math.Log(s[i] / si) - Math.Log(z) + ((v + (d * d)) / (2 * s2)) - (v / (2 * si * si));
        }

        return sum;
    }
}
