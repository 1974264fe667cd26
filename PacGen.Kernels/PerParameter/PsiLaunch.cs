using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>The pacGen score Ψ (24) over a region: all parameters, or a layer's for a table by layer. See <see cref="PsiTerm"/>.</summary>
public abstract class PsiLaunch : Launch
{
    /// <summary>The score's scalars; to be set before each run.</summary>
    public PsiSettings Settings { get; set; }

    /// <summary>Σ of (24)'s terms in the last run: the same bits for any width, thread count and device. Waits for the run.</summary>
    public abstract double Sum { get; }

    /// <summary>How many of the weights took the 1/κ branch of (24) in the last run. Waits for the run.</summary>
    public abstract long KappaCount { get; }

    /// <summary>False: the settings are arguments, and change.</summary>
    public override bool MayBeRecorded => false;

    /// <summary>Binds the pass to its memory.</summary>
    /// <param name="device">The device.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">The Hessian's diagonal or its estimate h.</param>
    /// <exception cref="ArgumentException">The regions differ in length or lie on another device.</exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static PsiLaunch Create(Device device, Region weights, Region curvature)
    {
        Arena.Require(device, weights, curvature);
        return new Bound(IReduction<PsiSettings>.Create<PsiTerms>(device, weights, curvature, weights, "score"));
    }

    private sealed class Bound(IReduction<PsiSettings> reduce) : PsiLaunch
    {
        public override double Sum => BlockSum.Total(reduce.Sums0);

        public override long KappaCount => (long)BlockSum.Total(reduce.Sums1);

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
