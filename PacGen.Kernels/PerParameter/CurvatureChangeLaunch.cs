using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>
/// What the estimators of ρ(w*) need of h at w and at w + u, where u[i] ~ U(−κ[i], κ[i]) is what <see cref="PerturbLaunch"/> added under
/// <see cref="PerturbSettings.WholeNeighbourhood"/>; it is recomputed, exactly. Δh = h(w+u) − h(w), both from the same batches.
/// </summary>
/// <remarks>The published ratio is <see cref="LargestRatio"/>, its median in closed form <see cref="ScaledChange"/>/ln 2, Definition 3's <see cref="LargestChange"/>/‖u‖.</remarks>
public abstract class CurvatureChangeLaunch : Launch
{
    /// <summary>The settings that w + u was made with; to be set before each run.</summary>
    public PerturbSettings Settings { get; set; } = PerturbSettings.None;

    /// <summary>S = Σ|Δh|/κ of the last run; NaN if an h is. Waits for the run, as all results do.</summary>
    public abstract double ScaledChange { get; }

    /// <summary>max|Δh|/|u|; meaningful only while <see cref="ScaledChange"/> is a number.</summary>
    public abstract double LargestRatio { get; }

    /// <summary>max|Δh|; meaningful only while <see cref="ScaledChange"/> is a number.</summary>
    public abstract double LargestChange { get; }

    /// <summary>‖u‖².</summary>
    public abstract double SquaredPerturbation { get; }

    /// <summary>False: the settings are arguments, and change.</summary>
    public override bool MayBeRecorded => false;

    /// <summary>Binds the pass to its memory.</summary>
    /// <param name="device">The device.</param>
    /// <param name="weights">w.</param>
    /// <param name="before">h at w.</param>
    /// <param name="after">h at w + u.</param>
    /// <exception cref="ArgumentException">The regions differ in length or lie on another device.</exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static CurvatureChangeLaunch Create(Device device, Region weights, Region before, Region after)
    {
        Arena.Require(device, weights, before, after);
        return new Bound(IReduction<PerturbSettings>.Create<CurvatureChangeTerms>(device, weights, before, after, "curvature change"));
    }

    private sealed class Bound(IReduction<PerturbSettings> reduce) : CurvatureChangeLaunch
    {
        public override double ScaledChange => BlockSum.Total(reduce.Sums0);

        public override double LargestRatio => reduce.Largest0.Max();

        public override double LargestChange => reduce.Largest1.Max();

        public override double SquaredPerturbation => BlockSum.Total(reduce.Sums1);

        public override void Run()
        {
            reduce.Settings = Settings;
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
