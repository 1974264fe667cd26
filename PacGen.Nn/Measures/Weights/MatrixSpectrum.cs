using MathNet.Numerics.LinearAlgebra;
using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>The squared singular values of weight matrices, and what follows from them.</summary>
internal static class MatrixSpectrum
{
    private const uint Stream = 0x6F70_6572;

    /// <summary>
    /// The eigenvalues of the smaller of WᵀW and WWᵀ, largest first: the squared singular values. The largest is exact to
    /// double precision, smaller ones to that share of the largest.
    /// </summary>
    public static double[] Squares(Matrix<double> matrix)
    {
        // The products in an order of their own, so that threads don't matter.
        double[][] vectors = matrix.RowCount < matrix.ColumnCount ? matrix.ToRowArrays() : matrix.ToColumnArrays();
        Matrix<double> gram = Matrix<double>.Build.Dense(vectors.Length, vectors.Length);
        for (int i = 0; i < vectors.Length; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = 0;
                for (int k = 0; k < vectors[i].Length; k++)
                {
                    sum += vectors[i][k] * vectors[j][k];
                }

                gram[i, j] = gram[j, i] = sum;
            }
        }

        return [.. gram.Evd(Symmetricity.Symmetric).EigenValues.Select(value => Math.Max(value.Real, 0)).OrderDescending()];
    }

    /// <summary>The norms of each weight matrix, and of its distance from the first weights where they are known.</summary>
    public static LayerNorms[] NormsOf(EmpiricalLoss subject)
    {
        return subject.Once(nameof(LayerNorms), Find);

        LayerNorms[] Find()
        {
            double[] weights = [.. subject.Arena.Save().Select(weight => (double)weight)];
            double[]? travel = subject.Training?.InitialWeights is { } first
                ? [.. weights.Select((weight, i) => weight - first[i])] : null;
            return [.. NetworkLayers.Of(subject).Matrices.Select(layer =>
            {
                double[]? moved = travel is null ? null : Squares(layer.Of(travel));
                double[] squares = Squares(layer.Of(weights));
                return new LayerNorms(
                    layer.Name, squares[0], Frobenius(weights, layer), moved?[0] ?? double.NaN,
                    travel is null ? double.NaN : Frobenius(travel, layer));
            })];
        }
    }

    /// <summary>
    /// The same norms with, in the place of ‖W‖₂, the norm of the layer as a map of its whole input: a convolution's, with its
    /// strides and zeros around the image (Sedghi and others 2019 have a circular image in its place).
    /// </summary>
    public static LayerNorms[] OperatorsOf(EmpiricalLoss subject, CancellationToken cancellation)
    {
        return subject.Once($"{nameof(LayerNorms)} of operators", Find);

        LayerNorms[] Find() =>
        [
            .. NormsOf(subject).Zip(NetworkLayers.Of(subject).Matrices, (norms, layer) => layer.Geometry is { } geometry
                ? norms with { Spectral = SquaredOperatorNorm(subject.Arena, layer, geometry, cancellation) } : norms),
        ];
    }

    /// <summary>The largest eigenvalue of AᵀA, whose products are the gradient of ½‖Ax‖², by Lanczos's method.</summary>
    private static double SquaredOperatorNorm(
        ParameterArena arena, WeightMatrix layer, Conv2dGeometry geometry, CancellationToken cancellation)
    {
        const int Steps = 200;
        const double Tolerance = 1e-6;
        Tensor x = Tensor.Input(layer.Input, "x"), kernel = Tensor.Input(layer.Shape, "kernel");
        Tensor image = Tensor.Apply(new Conv2dForward(geometry), x, kernel);
        Tensor product = (image.Square().Sum() * 0.5f).Gradient(x)[0];
        using CompiledGraph graph = CompiledGraph.Compile(arena.Device, [product], new Dictionary<Tensor, Region>
        {
            [kernel] = new Region(arena.Weights).Slice(layer.Start, layer.Count),
        });
        float[] numbers = new float[layer.Input.Count];
        Krylov iteration = new(numbers.Length, Steps, Tolerance, magnitude: false, new RandomStream(1, Stream, 0), 2);
        return iteration.Run(Apply).Largest;

        void Apply(double[] vector, double[] result)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < numbers.Length; i++)
            {
                numbers[i] = (float)vector[i];
            }

            graph[x].Write(numbers);
            graph.Run();
            graph[product].Read(numbers);
            for (int i = 0; i < numbers.Length; i++)
            {
                result[i] = numbers[i];
            }
        }
    }

    private static double Frobenius(double[] numbers, WeightMatrix layer)
    {
        double sum = 0;
        foreach (double number in numbers.AsSpan(layer.Start, layer.Count))
        {
            sum += number * number;
        }

        return sum;
    }
}
