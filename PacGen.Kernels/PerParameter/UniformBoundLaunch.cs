using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>The sums of Lemma 6 and Theorem 7 at σ* (14) over all parameters, in one pass. See <see cref="UniformBoundTerm"/>.</summary>
/// <remarks>The arithmetic is float, the sums the same bits for any width, thread count and device; what they feed is <see cref="UniformBound.Lemma6(BoundSample, UniformBoundSums, BoundForm)"/>.</remarks>
public abstract class UniformBoundLaunch : Launch
{
    /// <summary>η; to be set before each run.</summary>
    public double Eta { get; set; } = 1;

    /// <summary>ρ, γ, ε; to be set before the first run.</summary>
    public LocalSmoothness Smoothness { get; set; } = new(0, 0, 1);

    /// <summary>τ; to be set before the first run.</summary>
    public Tau Tau { get; set; } = Tau.OfWeights();

    /// <summary>What the stored curvature is multiplied by: 1, or <see cref="SecondMoment.BiasCorrection"/>.</summary>
    public double CurvatureScale { get; set; } = 1;

    /// <summary>The sums of the last run. Waits for it.</summary>
    /// <exception cref="InvalidOperationException">A curvature was negative, |wᵢ| + κᵢ exceeded τᵢ, or a number was not finite.</exception>
    public abstract UniformBoundSums Sums { get; }

    /// <summary>False: the settings are arguments, and change.</summary>
    public override bool MayBeRecorded => false;

    /// <summary>Binds the pass to its memory.</summary>
    /// <param name="device">The device.</param>
    /// <param name="weights">w of all parameters.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), or an estimate of it, which makes of a bound what <see cref="Assumption.ExactCurvature"/> says.</param>
    /// <exception cref="ArgumentException">The regions differ in length or lie on another device.</exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static UniformBoundLaunch Create(Device device, Region weights, Region curvature)
    {
        Arena.Require(device, weights, curvature);
        return new Bound(IReduction<UniformBoundSettings>.Create<UniformBoundTerms>(device, weights, curvature, weights, "uniform bound"), weights.Count);
    }

    private sealed class Bound(IReduction<UniformBoundSettings> reduce, long parameters) : UniformBoundLaunch
    {
        private double eta;
        private bool fromWeights;

        public override UniformBoundSums Sums
        {
            get
            {
                double kl = BlockSum.Total(reduce.Sums0), sharpness = BlockSum.Total(reduce.Sums1) / eta;
                BoundConditions.ThrowUnlessFinite(kl, sharpness);
                BoundConditions.ThrowUnlessConvex(reduce.Largest0);
                double reach = reduce.Largest1.Max();

                // A quotient of floats may be some roundings above 1 where the numbers themselves are not.
                return fromWeights || reach <= 1 + 1e-6
                    ? new UniformBoundSums(parameters, eta, sharpness, kl, fromWeights)
                    : throw new InvalidOperationException(
                        $"The prior U(−τ, τ) must hold the perturbed weights, |wᵢ| + κᵢ ≤ τᵢ, but for some parameter |w| + κ is {reach:G6} times τ. "
                        + "Choose, before seeing the sample, a larger τ, or a smaller γ or ε.");
            }
        }

        public override void Run()
        {
            reduce.Settings = UniformBoundSettings.Of(Smoothness, Eta, Tau, parameters, CurvatureScale);
            (eta, fromWeights) = (Eta, Tau.FromWeights);
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
