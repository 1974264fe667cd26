using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace PacGen.Nn;

/// <summary>
/// Lanczos's method with full reorthogonalization: a symmetric operator's projection on the span of v, Av, A²v, …, a tridiagonal
/// matrix.
/// </summary>
internal sealed class LanczosProcess
{
    /// <summary>Below this share of ‖Av‖ the rest is rounding: the vectors so far span an invariant subspace.</summary>
    private const double Rounding = 1e-6;

    // Single precision for the basis: products are no better, and it is what takes the memory.
    private readonly List<float[]> basis = [];
    private readonly List<double> diagonal = [], off = [];
    private double[] current, next;

    /// <param name="start">v; scaled to length 1.</param>
    public LanczosProcess(double[] start)
    {
        current = start;
        next = new double[start.Length];
        Scale(current, 1 / Norm(current));
    }

    /// <summary>The steps so far.</summary>
    public int Steps => diagonal.Count;

    /// <summary>What the last step left beside the vectors so far: the length of their image's rest.</summary>
    public double Beta { get; private set; }

    /// <summary>Whether the vectors so far span an invariant subspace: no step would add anything.</summary>
    public bool IsExhausted { get; private set; }

    /// <summary>The vector that the operator is to be multiplied by, and where the product goes.</summary>
    public (double[] Vector, double[] Product) Begin()
    {
        if (Steps > 0)
        {
            off.Add(Beta);
            Scale(next, 1 / Beta);
            (current, next) = (next, current);
        }

        float[] kept = [.. current.Select(value => (float)value)];
        basis.Add(kept);
        return (current, next);
    }

    /// <summary>Takes the product that <see cref="Begin"/> asked for: one more row of the tridiagonal matrix.</summary>
    public void End()
    {
        float[] kept = basis[^1];
        diagonal.Add(Dot(kept, next));
        double before = Norm(next);
        for (int round = 0; round < 2; round++)
        {
            foreach (float[] vector in basis)
            {
                Subtract(next, Dot(vector, next), vector);
            }
        }

        Beta = Norm(next);
        IsExhausted = Beta <= Rounding * before || before == 0 || Steps == current.Length;
    }

    /// <summary>The eigenvalues of the tridiagonal matrix, ascending, with its eigenvectors.</summary>
    public Evd<double> Spectrum()
    {
        Matrix<double> tridiagonal = Matrix<double>.Build.Dense(Steps, Steps);
        for (int i = 0; i < Steps; i++)
        {
            tridiagonal[i, i] = diagonal[i];
            if (i > 0)
            {
                tridiagonal[i, i - 1] = tridiagonal[i - 1, i] = off[i - 1];
            }
        }

        return tridiagonal.Evd(Symmetricity.Symmetric);
    }

    private static double Norm(double[] vector) => Math.Sqrt(vector.Sum(value => value * value));

    private static double Dot(float[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    private static void Subtract(double[] from, double factor, float[] vector)
    {
        for (int i = 0; i < from.Length; i++)
        {
            from[i] -= factor * vector[i];
        }
    }

    private static void Scale(double[] vector, double factor)
    {
        for (int i = 0; i < vector.Length; i++)
        {
            vector[i] *= factor;
        }
    }
}
