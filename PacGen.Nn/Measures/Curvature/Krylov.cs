using MathNet.Numerics.LinearAlgebra.Factorization;
using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>The ends of a symmetric operator's spectrum by Lanczos's method.</summary>
internal static class Krylov
{
    /// <summary>The distance from 1 to the next number in single precision, 2⁻²³.</summary>
    private const double SinglePrecision = 1.0 / (1 << 23);

    /// <summary>The largest and the smallest eigenvalue as far as the steps went.</summary>
    /// <param name="count">The operator's dimension.</param>
    /// <param name="apply">Writes the operator times its first argument to the second.</param>
    /// <param name="steps">The most products.</param>
    /// <param name="tolerance">The share of an eigenvalue below which its residual is, where it converged.</param>
    /// <param name="magnitude">Whether the eigenvalue of largest magnitude is wanted, instead of the largest.</param>
    /// <param name="random">Draws the first vector.</param>
    /// <param name="confirmations">
    /// For how many further products the wanted eigenvalue must stay, within the tolerance, before it counts as converged: a
    /// small residual tells that an eigenvalue is near, not that it is the outermost. A subspace that is invariant needs none.
    /// </param>
    public static Ends Run(
        int count, Action<double[], double[]> apply, int steps, double tolerance, bool magnitude, RandomStream random,
        int confirmations = 0)
    {
        double[] start = new double[count];
        for (int i = 0; i < count; i++)
        {
            start[i] = random.NextGaussian();
        }

        LanczosProcess process = new(start, apply);
        Ends ends = default;
        (int steadyLargest, int steadySmallest) = (-1, -1);
        for (int step = 0; step < Math.Min(steps, count); step++)
        {
            process.Step();
            Ends now = EndsOf(process);
            steadyLargest = Steady(steadyLargest, ends.Largest, now.Largest, now.LargestResidual);
            steadySmallest = Steady(steadySmallest, ends.Smallest, now.Smallest, now.SmallestResidual);
            int needed = process.IsExhausted ? 0 : confirmations;
            ends = now with { LargestConverged = steadyLargest >= needed, SmallestConverged = steadySmallest >= needed };
            bool converged = magnitude && -ends.Smallest > ends.Largest ? ends.SmallestConverged : ends.LargestConverged;
            if (process.IsExhausted || converged)
            {
                return ends with { Converged = converged };
            }
        }

        return ends;

        // Products since the residual became small, in which the eigenvalue stayed; −1 while it is not small.
        int Steady(int before, double last, double now, double residual) =>
            residual > tolerance * Math.Abs(now) ? -1
            : before >= 0 && Math.Abs(now - last) <= tolerance * Math.Abs(now) ? before + 1 : 0;
    }

    private static Ends EndsOf(LanczosProcess process)
    {
        int k = process.Steps;
        Evd<double> spectrum = process.Spectrum();
        double largest = spectrum.EigenValues[k - 1].Real, smallest = spectrum.EigenValues[0].Real;

        // Products and basis are in single precision: an eigenvalue that is small beside the largest magnitude is known no
        // better.
        double rounding = SinglePrecision * Math.Max(Math.Abs(largest), Math.Abs(smallest));
        return new Ends(
            largest,
            rounding + (process.Beta * Math.Abs(spectrum.EigenVectors[k - 1, k - 1])),
            smallest,
            rounding + (process.Beta * Math.Abs(spectrum.EigenVectors[k - 1, 0])),
            k);
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
