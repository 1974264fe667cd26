using System.Numerics;

namespace PacGen.Core.Bounds;

/// <summary>The weights of a network, its curvature, and the prior's means, in double.</summary>
internal sealed record CurvatureNetwork(double[] Weights, double[] Curvature, double[] Kappa, double[] PriorMeans)
{
    /// <summary>Checks and converts.</summary>
    public static CurvatureNetwork Of<T>(
        LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, ReadOnlySpan<T> priorMeans)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.SameLength(weights.Length, curvature.Length, "curvatures");
        if (!priorMeans.IsEmpty)
        {
            Require.SameLength(weights.Length, priorMeans.Length, "prior means");
        }

        double[] w = new double[weights.Length], h = new double[weights.Length], kappa = new double[weights.Length];
        double[] means = new double[priorMeans.Length];
        for (int i = 0; i < w.Length; i++)
        {
            w[i] = Require.Finite(double.CreateTruncating(weights[i]), i, "weight");
            h[i] = Require.Finite(double.CreateTruncating(curvature[i]), i, "curvature");
            kappa[i] = Require.Width(smoothness.Kappa(w[i]), i, "κ");
        }

        for (int i = 0; i < means.Length; i++)
        {
            means[i] = Require.Finite(double.CreateTruncating(priorMeans[i]), i, "prior mean");
        }

        return new CurvatureNetwork(w, h, kappa, means);
    }

    /// <summary>μᵢ.</summary>
    public double PriorMean(int i) => PriorMeans.Length == 0 ? 0 : PriorMeans[i];
}

/// <summary>𝔼u², 𝔼u⁴ and KL of one coordinate.</summary>
internal readonly record struct CurvatureMoments(double Second, double Fourth, double Kl);

/// <summary>ℳ and KL of all, and the ρ√V/2 that σ was made with.</summary>
internal readonly record struct CurvatureSums(double Sharpness, double Kl, double Cubic);
