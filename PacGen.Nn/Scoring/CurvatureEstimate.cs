using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Ψ's h at any weights, from the same images, batches and random vectors at each, so that a change of h is one of the weights.
/// </summary>
internal abstract class CurvatureEstimate : IDisposable
{
    /// <summary>What making h once takes, in passes over the subject's images.</summary>
    public abstract PassCost Cost { get; }

    /// <summary>The estimate that a score asks for.</summary>
    public static CurvatureEstimate Of(EmpiricalLoss subject, ScoreOptions options) =>
        options.Curvature == CurvatureSource.Hessian ? new Diagonal(subject, options) : new Squares(subject, options);

    /// <summary>Makes h.</summary>
    /// <param name="weights">Where.</param>
    /// <param name="result">Where h goes.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public abstract void Run(DeviceBuffer weights, DeviceBuffer result, CancellationToken cancellation);

    public abstract void Dispose();

    /// <summary>The mean of squared mini-batch gradients, of the loss or of random roots of the Gauss–Newton matrix.</summary>
    private sealed class Squares : CurvatureEstimate
    {
        private readonly CurvatureRoot? root;
        private readonly SecondMomentPass pass;
        private readonly BatchLoader loader;
        private readonly int batches;

        public Squares(EmpiricalLoss subject, ScoreOptions options)
        {
            try
            {
                ParameterArena arena = subject.Arena;
                CurvatureMatrix? matrix = options.Curvature switch
                {
                    CurvatureSource.GaussNewton => CurvatureMatrix.GaussNewton,
                    CurvatureSource.EmpiricalFisher => CurvatureMatrix.EmpiricalFisher,
                    _ => null,
                };
                root = matrix is { } rooted
                    ? new CurvatureRoot(arena.Device, rooted, subject.Loss, options.Seed, options.BatchSize) : null;
                pass = new SecondMomentPass(subject.Model, arena, subject.Loss, options.Part, options.BatchSize, root);
                loader = BatchLoader.Shuffled(subject.Images, options.BatchSize, options.ImageSeed, dropLast: true);
                batches = options.ImagesOf(subject.Images.Count) / options.BatchSize;
                Cost = new PassCost(0, (double)batches * options.BatchSize / subject.Images.Count, 0);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public override PassCost Cost { get; }

        public override void Run(DeviceBuffer weights, DeviceBuffer result, CancellationToken cancellation) =>
            pass.Run(weights, result, loader, batches, cancellation);

        public override void Dispose()
        {
            loader?.Dispose();
            pass?.Dispose();
            root?.Dispose();
        }
    }

    /// <summary>The Hessian's diagonal: exactly where the network is small, else Hutchinson's estimate.</summary>
    private sealed class Diagonal : CurvatureEstimate
    {
        private const uint ImageStream = 0x6469_6167, SignStream = 0x6469_6173;
        private readonly EmpiricalLoss images;
        private readonly ScoreOptions options;
        private readonly double[] diagonal;
        private readonly ProductBlock block;
        private readonly bool isExact;

        public Diagonal(EmpiricalLoss subject, ScoreOptions options)
        {
            this.options = options;
            int[] chosen = [.. Enumerable.Range(0, subject.Images.Count)];
            new RandomStream(options.ImageSeed, ImageStream).Shuffle(chosen);
            int count = options.ImagesOf(subject.Images.Count);
            images = new EmpiricalLoss(
                subject.Model, subject.Arena, subject.Images.Subset(chosen.AsSpan(0, count)), subject.Loss);
            diagonal = new double[subject.Count];
            block = new ProductBlock(images, options.HessianDraws);
            isExact = subject.Count <= options.LargestExact;
            Cost = new PassCost(
                0, 0, (double)(isExact ? subject.Count : options.HessianDraws) * count / subject.Images.Count);
        }

        public override PassCost Cost { get; }

        public override void Run(DeviceBuffer weights, DeviceBuffer result, CancellationToken cancellation)
        {
            images.MoveTo(new Region(weights).ToArray());
            Array.Clear(diagonal);
            if (isExact)
            {
                HessianDiagonalEstimator.Exact(images, CurvatureMatrix.Hessian, diagonal, null, cancellation);
            }
            else
            {
                for (int first = 0; first < options.HessianDraws; first += block.Count)
                {
                    block.Multiply(
                        CurvatureMatrix.Hessian, Math.Min(block.Count, options.HessianDraws - first),
                        (v, i) => RandomSigns.Fill(v, options.Seed, SignStream, (uint)(first + i)), cancellation);
                    foreach ((double[] v, double[] product) in block.Results)
                    {
                        for (int i = 0; i < v.Length; i++)
                        {
                            diagonal[i] += v[i] * product[i] / options.HessianDraws;
                        }
                    }
                }
            }

            result.Write(0, [.. diagonal.Select(value => (float)value)]);
        }

        public override void Dispose() => images.Dispose();
    }
}
