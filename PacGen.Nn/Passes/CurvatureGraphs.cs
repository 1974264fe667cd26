using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Scalars of a batch whose gradients by the weights are products of a curvature matrix, or random roots of it.
/// </summary>
internal static class CurvatureGraphs
{
    private const uint SignStream = 0x7369_676E;

    /// <summary>For each of some vectors v a scalar whose gradient is the matrix times v. They share the pass to ∇L̂.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="loss">The loss of a batch, a mean over its images.</param>
    /// <param name="output">z of the batch.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="weights">The parameters.</param>
    /// <param name="along">The vectors v, each in the parameters' shapes.</param>
    public static IEnumerable<Tensor> Products(
        CurvatureMatrix matrix, Func<Tensor, Tensor, Tensor> loss, Tensor output, Tensor labels, Tensor[] weights,
        IEnumerable<Tensor[]> along)
    {
        if (matrix == CurvatureMatrix.Hessian)
        {
            // The gradient of ⟨∇L̂, v⟩.
            Tensor[] gradient = loss(output, labels).Gradient(weights);
            return along.Select(v => Dot(gradient, v));
        }

        // Jᵀu is linear in u, so that the gradient of ⟨Jᵀu, v⟩ by u is Jv, whatever u is.
        Tensor u = Tensor.Input(output.Shape, "cotangent");
        Tensor[] pulled = (output * u).Sum().Gradient(weights);
        Tensor fixedOutput = output.StopGradient(), outputGradient = loss(fixedOutput, labels).Gradient(fixedOutput)[0];
        return along.Select(v =>
        {
            Tensor tangent = Dot(pulled, v).Gradient(u)[0].StopGradient();
            Tensor cotangent = matrix == CurvatureMatrix.GaussNewton
                ? (outputGradient * tangent).Sum().Gradient(fixedOutput)[0]
                : outputGradient * RowSums(outputGradient * tangent) * output.Shape[0];
            return (output * cotangent.StopGradient()).Sum();
        });
    }

    /// <summary>
    /// A scalar whose gradient g has 𝔼ggᵀ = the matrix on the batch, over random signs: Jᵀ times a root of what stands between Jᵀ
    /// and J, times signs.
    /// </summary>
    /// <param name="matrix">The Gauss–Newton matrix of the softmax cross-entropy or the mean squared error, or the empirical
    /// Fisher matrix of any loss.</param>
    /// <param name="loss">The loss of a batch, a mean over its images.</param>
    /// <param name="output">z of the batch, or of a part of it whose gradients are averaged.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="step">Counts batches and parts: each has signs of its own.</param>
    /// <param name="seed">Decides the signs.</param>
    /// <param name="batchSize">The images of a whole batch.</param>
    public static Tensor Root(
        CurvatureMatrix matrix, Func<Tensor, Tensor, Tensor> loss, Tensor output, Tensor labels, Tensor step, ulong seed,
        int batchSize)
    {
        // Images' roots are independent: the mean over B of them times √B has the batch's mean matrix.
        float scale = MathF.Sqrt(batchSize) / output.Shape[0];
        Tensor fixedOutput = output.StopGradient();
        if (matrix == CurvatureMatrix.GaussNewton)
        {
            if (loss == Loss.MeanSquaredError)
            {
                // Of K numbers, ∂²ℓ/∂z² = 2/K on the diagonal.
                float root = MathF.Sqrt(2f * output.Shape[0] / output.Shape.Count);
                return (output * (Signs(output.Shape, step, seed) * root)).Sum() * scale;
            }

            if (Loss.IsBinaryCrossEntropy(loss))
            {
                // Of K labels, ∂²ℓ/∂z² = p(1 − p)/K on the diagonal.
                Tensor share = fixedOutput.Sigmoid();
                Tensor root = (share * (1f - share) * ((float)output.Shape[0] / output.Shape.Count)).Sqrt();
                return (output * (root * Signs(output.Shape, step, seed)).StopGradient()).Sum() * scale;
            }

            // ∂²ℓ/∂z² = diag p − ppᵀ = LLᵀ with L = diag √p − p√pᵀ.
            Tensor p = fixedOutput.Softmax(), rooted = p.Sqrt() * Signs(output.Shape, step, seed);
            return (output * (rooted - (p * RowSums(rooted))).StopGradient()).Sum() * scale;
        }

        Tensor outputGradient = loss(fixedOutput, labels).Gradient(fixedOutput)[0] * output.Shape[0];
        int[] ones = [.. Enumerable.Range(0, output.Shape.Rank).Select(axis => axis == 0 ? output.Shape[0] : 1)];
        return (output * (outputGradient * Signs(new Shape(ones), step, seed)).StopGradient()).Sum() * scale;
    }

    private static Tensor Dot(Tensor[] a, Tensor[] b) => a.Zip(b, (x, y) => (x * y).Sum()).Aggregate((x, y) => x + y);

    /// <summary>The sum over each image's numbers, in a shape that stretches over them.</summary>
    private static Tensor RowSums(Tensor x) => x.Sum([.. Enumerable.Range(1, x.Shape.Rank - 1)], keepDimensions: true);

    private static Tensor Signs(Shape shape, Tensor step, ulong seed) =>
        (Tensor.Less(Tensor.RandomUniform(shape, step, seed, SignStream), 0.5f) * 2f) - 1f;
}
