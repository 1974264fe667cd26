using MathNet.Numerics.LinearAlgebra;

namespace PacGen.Nn;

/// <summary>The squared singular values of weight matrices, and what follows from them.</summary>
internal static class MatrixSpectrum
{
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
