using PacGen.Nn.Data;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

/// <summary>
/// h ≈ the diagonal of the cross-entropy's Hessian at w: B times the mean of the squared gradients of mini-batches of B images. Where the
/// gradient of all images vanishes this is, in the mean over batches, that of single images: the diagonal of the empirical Fisher matrix.
/// </summary>
internal sealed class CurvaturePass : IDisposable
{
    private readonly BatchGraph graph;
    private readonly Buffer gradients;
    private readonly float[] host;

    /// <param name="model">The model.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="gradients">Memory of the arena's layout; overwritten.</param>
    /// <param name="image">The extents of one image.</param>
    public CurvaturePass(Module model, ParameterArena arena, Buffer gradients, int[] image)
    {
        this.gradients = gradients;
        host = new float[arena.Count];
        graph = new BatchGraph(model, arena, arena.Weights, gradients, Loss.CrossEntropy, image, null);
    }

    /// <summary>One pass over whole batches in the images' order.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="TrainingException">A gradient is not finite.</exception>
    public double[] Run(ImageSet images, int batchSize, CancellationToken cancellation)
    {
        using BatchLoader loader = BatchLoader.Sequential(images, batchSize);
        double[] h = new double[host.Length];
        int batches = images.Count / batchSize;
        double scale = (double)batchSize / batches;
        loader.Start(0);
        for (int i = 0; i < batches && loader.TryNext(out Batch batch); i++)
        {
            cancellation.ThrowIfCancellationRequested();
            graph.Run(batch.Images, batch.Labels);
            gradients.Read(0, host);
            for (int j = 0; j < h.Length; j++)
            {
                h[j] += scale * host[j] * host[j];
            }
        }

        return Array.TrueForAll(h, double.IsFinite)
            ? h
            : throw new TrainingException("Certify: gradients at the trained weights are not finite: lower the learning rate.");
    }

    /// <inheritdoc/>
    public void Dispose() => graph.Dispose();
}
