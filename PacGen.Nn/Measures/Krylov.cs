using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;
using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>The ends of a symmetric operator's spectrum by Lanczos's method with full reorthogonalization.</summary>
internal static class Krylov
{
    /// <summary>The distance from 1 to the next number in single precision, 2⁻²³.</summary>
    private const double SinglePrecision = 1.0 / (1 << 23);

    /// <summary>The largest and the smallest eigenvalue as far as the steps went.</summary>
    /// <param name="count">The operator's dimension.</param>
    /// <param name="apply">Writes the operator times its first argument to the second.</param>
    /// <param name="steps">The most products.</param>
    /// <param name="tolerance">Ends early once the wanted eigenvalue's residual is at most this share of that eigenvalue.</param>
    /// <param name="magnitude">Whether the eigenvalue of largest magnitude is wanted, instead of the largest.</param>
    /// <param name="random">Draws the first vector.</param>
    public static Ends Run(
        int count, Action<double[], double[]> apply, int steps, double tolerance, bool magnitude, RandomStream random)
    {
        // Single precision for the basis: products are no better, and it is what takes the memory.
        List<float[]> basis = [];
        List<double> diagonal = [], off = [];
        double[] current = new double[count], next = new double[count];
        for (int i = 0; i < count; i++)
        {
            current[i] = random.NextGaussian();
        }

        Scale(current, 1 / Norm(current));
        Ends ends = default;
        for (int step = 0; step < Math.Min(steps, count); step++)
        {
            float[] kept = [.. current.Select(value => (float)value)];
            basis.Add(kept);
            apply(current, next);
            diagonal.Add(Dot(kept, next));
            double before = Norm(next);
            for (int round = 0; round < 2; round++)
            {
                foreach (float[] vector in basis)
                {
                    Subtract(next, Dot(vector, next), vector);
                }
            }

            double beta = Norm(next);
            ends = EndsOf(diagonal, off, beta);

            // Where rounding is all that is left, the vectors so far span an invariant subspace.
            bool exhausted = beta <= 1e-6 * before || before == 0 || step + 1 == count;
            ends = ends with
            {
                LargestConverged = ends.LargestResidual <= tolerance * Math.Abs(ends.Largest),
                SmallestConverged = ends.SmallestResidual <= tolerance * Math.Abs(ends.Smallest),
            };
            bool converged = magnitude && -ends.Smallest > ends.Largest ? ends.SmallestConverged : ends.LargestConverged;
            if (exhausted || converged)
            {
                return ends with { Converged = converged };
            }

            off.Add(beta);
            Scale(next, 1 / beta);
            (current, next) = (next, current);
        }

        return ends;
    }

    private static Ends EndsOf(List<double> diagonal, List<double> off, double beta)
    {
        int k = diagonal.Count;
        Matrix<double> tridiagonal = Matrix<double>.Build.Dense(k, k);
        for (int i = 0; i < k; i++)
        {
            tridiagonal[i, i] = diagonal[i];
            if (i > 0)
            {
                tridiagonal[i, i - 1] = tridiagonal[i - 1, i] = off[i - 1];
            }
        }

        Evd<double> spectrum = tridiagonal.Evd(Symmetricity.Symmetric);
        double largest = spectrum.EigenValues[k - 1].Real, smallest = spectrum.EigenValues[0].Real;

        // Products and basis are in single precision: an eigenvalue that is small beside the largest magnitude is known no
        // better.
        double rounding = SinglePrecision * Math.Max(Math.Abs(largest), Math.Abs(smallest));
        return new Ends(
            largest,
            rounding + (beta * Math.Abs(spectrum.EigenVectors[k - 1, k - 1])),
            smallest,
            rounding + (beta * Math.Abs(spectrum.EigenVectors[k - 1, 0])),
            k);
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

    /// <summary>
    /// Both ends with their residuals ‖Av − θv‖ and single precision's rounding: an eigenvalue lies within that of θ.
    /// </summary>
    internal readonly record struct Ends(
        double Largest, double LargestResidual, double Smallest, double SmallestResidual, int Steps)
    {
        public bool LargestConverged { get; init; }

        public bool SmallestConverged { get; init; }

        /// <summary>Whether the one that was wanted converged.</summary>
        public bool Converged { get; init; }
    }
}
