using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The loss of a batch in whose place a pass takes a gradient g with 𝔼ggᵀ = a curvature matrix of the batch: the mean of g² over
/// batches is an unbiased diagonal, no entry of it negative. Each square has the relative variance 2.
/// </summary>
internal sealed class CurvatureRoot : IDisposable
{
    private readonly CurvatureMatrix matrix;
    private readonly Func<Tensor, Tensor, Tensor> loss;
    private readonly ulong seed;
    private readonly int batchSize;
    private readonly Tensor step = Tensor.Input(Shape.Scalar, "batch");
    private readonly DeviceBuffer memory;

    /// <param name="device">Where passes run.</param>
    /// <param name="matrix">The Gauss–Newton matrix, of the cross-entropy or the mean squared error, or the empirical Fisher
    /// matrix.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="seed">Decides the signs.</param>
    /// <param name="batchSize">The images of a batch.</param>
    public CurvatureRoot(
        Device device, CurvatureMatrix matrix, Func<Tensor, Tensor, Tensor> loss, ulong seed, int batchSize)
    {
        (this.matrix, this.loss, this.seed, this.batchSize) = (matrix, loss, seed, batchSize);
        memory = device.Allocate(1);
        Inputs = new Dictionary<Tensor, Region> { [step] = new(memory) };
    }

    /// <summary>Whether a matrix of a loss has such a root.</summary>
    public static bool Exists(CurvatureMatrix matrix, Func<Tensor, Tensor, Tensor> loss) =>
        matrix == CurvatureMatrix.EmpiricalFisher
            || (matrix == CurvatureMatrix.GaussNewton
                && (PacGen.Nn.Loss.IsCrossEntropy(loss) || PacGen.Nn.Loss.IsBinaryCrossEntropy(loss)
                    || loss == PacGen.Nn.Loss.MeanSquaredError));

    /// <summary>The memory of the leaves that the loss reads.</summary>
    public IReadOnlyDictionary<Tensor, Region> Inputs { get; }

    /// <summary>In the loss's place.</summary>
    public Tensor Loss(Tensor output, Tensor labels) =>
        CurvatureGraphs.Root(matrix, loss, output, labels, step, seed, batchSize);

    /// <summary>Sets which batch, or part of one, comes: it decides the signs.</summary>
    public void Set(int index) => memory.Write(0, [index]);

    /// <inheritdoc/>
    public void Dispose() => memory.Dispose();
}
