using MathNet.Numerics.LinearAlgebra;
using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Linear regression by least squares, whose measures have closed forms: L̂ = mean (w·x − y)², ∇²L̂ = 2/n XᵀX =: H whatever w is.
/// </summary>
internal sealed class Quadratic : IDisposable
{
    private Quadratic(byte[] pixels, int[] labels, int features, ulong seed, int batchSize)
    {
        Normalization plain = new([0], [1], 100);
        Images = new ImageSet(pixels, labels, 1, features, 3, plain);
        Model = new Linear(features, 1, bias: false);
        Flattened flattened = new(Model);
        Arena = new ParameterArena(flattened, Device.Cpu, seed);
        Empirical = new EmpiricalLoss(flattened, Arena, Images, Loss, batchSize);
        Matrix<double> x = Matrix<double>.Build.Dense(labels.Length, features, (i, j) => pixels[(i * features) + j] / 100.0);
        Hessian = x.TransposeThisAndMultiply(x) * (2.0 / labels.Length);
        Vector<double> y = Vector<double>.Build.Dense(labels.Length, i => labels[i]);
        ValueAt = w => (x * w - y).DotProduct(x * w - y) / labels.Length;
        GradientAt = w => x.TransposeThisAndMultiply(x * w - y) * (2.0 / labels.Length);
    }

    public Linear Model { get; }

    public ParameterArena Arena { get; }

    public ImageSet Images { get; }

    public EmpiricalLoss Empirical { get; }

    public Matrix<double> Hessian { get; }

    public Func<Vector<double>, double> ValueAt { get; }

    public Func<Vector<double>, Vector<double>> GradientAt { get; }

    public Vector<double> Weights => Vector<double>.Build.Dense([.. Arena.Save().Select(value => (double)value)]);

    public static Tensor Loss(Tensor output, Tensor labels) => PacGen.Nn.Loss.MeanSquaredError(output.Reshape(-1), labels);

    /// <summary>Random features: a full Hessian. The batch size does not divide the set.</summary>
    public static Quadratic Full(int features = 7, int images = 45, ulong seed = 3)
    {
        RandomStream random = new(seed, 1, 0);
        byte[] pixels = [.. Enumerable.Range(0, features * images).Select(_ => (byte)random.NextBelow(101))];
        int[] labels = [.. Enumerable.Range(0, images).Select(_ => random.NextBelow(3))];
        return new Quadratic(pixels, labels, features, seed, 16);
    }

    /// <summary>One feature an image: a diagonal Hessian.</summary>
    public static Quadratic Diagonal(int features = 7, ulong seed = 3)
    {
        RandomStream random = new(seed, 2, 0);
        byte[] pixels = new byte[features * features * 2];
        int[] labels = new int[features * 2];
        for (int i = 0; i < labels.Length; i++)
        {
            pixels[(i * features) + (i % features)] = (byte)(20 + random.NextBelow(81));
            labels[i] = random.NextBelow(3);
        }

        return new Quadratic(pixels, labels, features, seed, 0);
    }

    public void Dispose()
    {
        Empirical.Dispose();
        Arena.Dispose();
    }

    private sealed class Flattened(Linear linear) : Module
    {
        private readonly Linear linear = linear;

        public override Tensor Forward(Tensor x) => linear.Forward(x.Flatten());
    }
}
