using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>Σ a² over a region, for the clipping of gradients by their norm.</summary>
public abstract class SumOfSquaresLaunch : Launch
{
    /// <summary>Σ a² of the last run: the same bits for any width, thread count and device. Waits for the run.</summary>
    public abstract double Sum { get; }

    /// <summary>Where the blocks' sums are on a GPU.</summary>
    internal abstract GpuBuffer? BlockSums { get; }

    /// <summary>Binds the pass to its memory.</summary>
    /// <exception cref="ArgumentException">The region lies on another device.</exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static SumOfSquaresLaunch Create(Device device, Region values)
    {
        Arena.Require(device, values);
        return new Bound(IReduction<int>.Create<SquareTerms>(device, values, values, values, "sum of squares"));
    }

    private sealed class Bound(IReduction<int> reduce) : SumOfSquaresLaunch
    {
        public override double Sum => BlockSum.Total(reduce.Sums0);

        internal override GpuBuffer? BlockSums => (reduce as ReduceGpu<SquareTerms, int>)?.Results;

        public override void Run() => reduce.Run();

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
