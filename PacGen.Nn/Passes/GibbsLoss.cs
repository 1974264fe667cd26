using System.Diagnostics;
using PacGen.Core.Bounds;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>The losses of a model on single images at w + u, u drawn anew for each look.</summary>
internal sealed class GibbsLoss : IDisposable
{
    /// <summary>How many looks a rank takes before all hear of them.</summary>
    private const int AtOnce = 64;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(100);
    private readonly DataParallel parallel;
    private readonly NoisyWeights noise;
    private readonly BatchGraph noisy;
    private readonly BoundedCrossEntropy bounded;
    private readonly int imageSize;

    /// <param name="model">The model.</param>
    /// <param name="arena">Its parameters, w.</param>
    /// <param name="noise">What makes w + u.</param>
    /// <param name="form">The extents of a sample, and what its target is.</param>
    /// <param name="bounded">The bounded cross-entropy.</param>
    public GibbsLoss(Module model, ParameterArena arena, NoisyWeights noise, SampleForm form, BoundedCrossEntropy bounded)
    {
        parallel = arena.Parallel;
        this.noise = noise;
        noisy = new BatchGraph(model, arena, noise.Weights, null, Loss.CrossEntropy, form, null);
        imageSize = (int)form.Shape.Count;
        this.bounded = bounded;
    }

    /// <summary>
    /// Looks at each image the same number of times, each time with weights of its own: independent losses whose mean is, in
    /// expectation over the draws, the Gibbs classifier's mean loss on the images.
    /// </summary>
    /// <param name="images">The images.</param>
    /// <param name="looks">How many times at each.</param>
    /// <param name="stream">The stream of the draws.</param>
    /// <param name="progress">Notified of the looks done, all looks, the 0-1 loss so far and the time left.</param>
    /// <param name="cancellation">Stops before the next look.</param>
    /// <param name="reference">Whether a reference is wrong, image by image; null for none to compare with.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public GibbsLosses Drawn(
        SampleSet images, int looks, uint stream, Action<long, long, double, TimeSpan>? progress, CancellationToken cancellation,
        bool[]? reference = null)
    {
        float[] image = new float[imageSize], label = new float[1];
        int[] index = new int[1];
        Communicator ranks = parallel.Ranks;
        float[] outputs = [];
        (double ZeroOne, double CrossEntropy)[] own = new (double, double)[AtOnce], all = new (double, double)[
            AtOnce * ranks.Size];
        long total = (long)looks * images.Count, started = Stopwatch.GetTimestamp(), reported = started;
        double zeroOne = 0, crossEntropy = 0;
        long wrongAlone = 0, rightAlone = 0;
        for (long first = 0; first < total; first += all.Length)
        {
            // Each rank takes looks of its own; all add them up in the order of looks.
            parallel.ThrowIfCancelled(cancellation);
            for (int i = 0; i < AtOnce && first + (ranks.Rank * AtOnce) + i < total; i++)
            {
                if (ranks.Size == 1)
                {
                    cancellation.ThrowIfCancellationRequested();
                }

                own[i] = Look(first + (ranks.Rank * AtOnce) + i);
            }

            ranks.Gather<(double, double)>(own, all);
            long done = Math.Min(first + all.Length, total);
            for (long look = first; look < done; look++)
            {
                (double wrong, double entropy) = all[look - first];
                zeroOne += wrong;
                crossEntropy += entropy;
                bool? expected = reference?[look % images.Count];
                wrongAlone += wrong > 0 && expected == false ? 1 : 0;
                rightAlone += wrong == 0 && expected == true ? 1 : 0;
            }

            if (progress is not null && Stopwatch.GetElapsedTime(reported) > ProgressInterval)
            {
                reported = Stopwatch.GetTimestamp();
                progress(done, total, zeroOne / done, Stopwatch.GetElapsedTime(started) * ((double)(total - done) / done));
            }
        }

        return new GibbsLosses(zeroOne / total, crossEntropy / total, total)
            { WrongAlone = wrongAlone, RightAlone = rightAlone };

        (double, double) Look(long look)
        {
            index[0] = (int)(look % images.Count);
            images.Gather(index, image, label);
            noise.Draw(stream, checked((uint)look));
            noisy.Run(image, label);
            Array.Resize(ref outputs, noisy.Classes);
            noisy.Output(outputs);
            return ClassLoss.Of(outputs, (int)label[0], bounded);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => noisy.Dispose();
}
