using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>The sums of Lemma 8 with the exact divergence at its σ* over all parameters, in one pass. See <see cref="GaussianBoundTerm"/>.</summary>
/// <remarks>The arithmetic is float, the sums the same bits for any width, thread count and device; what they feed is <see cref="GaussianBound.Lemma8(BoundSample, GaussianBoundSums)"/>.</remarks>
public abstract class GaussianBoundLaunch : Launch
{
    /// <summary>η; to be set before each run.</summary>
    public double Eta { get; set; } = 1;

    /// <summary>ρ, γ, ε; to be set before the first run.</summary>
    public LocalSmoothness Smoothness { get; set; } = new(0, 0, 1);

    /// <summary>τ, the prior's variance; to be set before the first run.</summary>
    public double Tau { get; set; } = 1;

    /// <summary>What the stored curvature is multiplied by: 1, or <see cref="SecondMoment.BiasCorrection"/>.</summary>
    public double CurvatureScale { get; set; } = 1;

    /// <summary>The sums of the last run. Waits for it.</summary>
    /// <exception cref="InvalidOperationException">A curvature was negative, or a number was not finite.</exception>
    public abstract GaussianBoundSums Sums { get; }

    /// <summary>False: the settings are arguments, and change.</summary>
    public override bool MayBeRecorded => false;

    /// <summary>Binds the pass to its memory.</summary>
    /// <param name="device">The device.</param>
    /// <param name="weights">w of all parameters.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), or an estimate of it, which makes of a bound what <see cref="Assumption.ExactCurvature"/> says.</param>
    /// <exception cref="ArgumentException">The regions differ in length or lie on another device.</exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static GaussianBoundLaunch Create(Device device, Region weights, Region curvature)
    {
        Arena.Require(device, weights, curvature);
        return new Bound(IReduction<GaussianBoundSettings>.Create<GaussianBoundTerms>(device, weights, curvature, weights, "Gaussian bound"), weights.Count);
    }

    private sealed class Bound(IReduction<GaussianBoundSettings> reduce, long parameters) : GaussianBoundLaunch
    {
        private double eta;

        public override GaussianBoundSums Sums
        {
            get
            {
                double kl = BlockSum.Total(reduce.Sums0), sharpness = BlockSum.Total(reduce.Sums1) / eta;
                BoundConditions.ThrowUnlessFinite(kl, sharpness);
                BoundConditions.ThrowUnlessConvex(reduce.Largest0);
                return new GaussianBoundSums(parameters, eta, sharpness, kl);
            }
        }

        public override void Run()
        {
            reduce.Settings = GaussianBoundSettings.Of(Smoothness, Eta, Tau, parameters, CurvatureScale);
            eta = Eta;
            reduce.Run();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                reduce.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
