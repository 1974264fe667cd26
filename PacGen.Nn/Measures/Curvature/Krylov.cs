using MathNet.Numerics.LinearAlgebra.Factorization;
using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// The ends of a symmetric operator's spectrum by Lanczos's method: as far as the steps went, or until the wanted end converged.
/// </summary>
internal sealed class Krylov
{
    /// <summary>The distance from 1 to the next number in single precision, 2⁻²³.</summary>
    private const double SinglePrecision = 1.0 / (1 << 23);

    private readonly LanczosProcess process;
    private readonly int steps, confirmations;
    private readonly double tolerance;
    private readonly bool magnitude;
    private int steadyLargest = -1, steadySmallest = -1;

    /// <summary>Draws the first vector.</summary>
    /// <param name="count">The operator's dimension.</param>
    /// <param name="steps">The most products, at least 1.</param>
    /// <param name="tolerance">The share of an eigenvalue below which its residual is, where it converged.</param>
    /// <param name="magnitude">Whether the eigenvalue of largest magnitude is wanted, instead of the largest.</param>
    /// <param name="random">Draws the first vector.</param>
    /// <param name="confirmations">
    /// For how many further products the wanted eigenvalue must stay, within the tolerance, before it counts as converged: a
    /// small residual tells that an eigenvalue is near, not that it is the outermost. A subspace that is invariant needs none.
    /// </param>
    public Krylov(int count, int steps, double tolerance, bool magnitude, RandomStream random, int confirmations = 0)
    {
        double[] start = new double[count];
        for (int i = 0; i < count; i++)
        {
            start[i] = random.NextGaussian();
        }

        process = new LanczosProcess(start);
        (this.steps, this.tolerance, this.magnitude) = (Math.Min(steps, count), tolerance, magnitude);
        this.confirmations = confirmations;
    }

    /// <summary>The largest and the smallest eigenvalue so far.</summary>
    public Ends Found { get; private set; }

    /// <summary>Whether no product is asked for any more.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The ends of an operator whose products are taken one after the other.</summary>
    /// <param name="apply">Writes the operator times its first argument to the second.</param>
    public Ends Run(Action<double[], double[]> apply)
    {
        while (!IsDone)
        {
            (double[] vector, double[] product) = Begin();
            apply(vector, product);
            End();
        }

        return Found;
    }

    /// <summary>The vector that the operator is to be multiplied by, and where the product goes.</summary>
    public (double[] Vector, double[] Product) Begin() => process.Begin();

    /// <summary>Takes the product that <see cref="Begin"/> asked for.</summary>
    public void End()
    {
        process.End();
        Ends now = EndsOf(process);
        steadyLargest = Steady(steadyLargest, Found.Largest, now.Largest, now.LargestResidual);
        steadySmallest = Steady(steadySmallest, Found.Smallest, now.Smallest, now.SmallestResidual);
        int needed = process.IsExhausted ? 0 : confirmations;
        now = now with { LargestConverged = steadyLargest >= needed, SmallestConverged = steadySmallest >= needed };
        bool converged = magnitude && -now.Smallest > now.Largest ? now.SmallestConverged : now.LargestConverged;
        IsDone = process.IsExhausted || converged || process.Steps == steps;
        Found = now with { Converged = converged };
    }

    // Products since the residual became small, in which the eigenvalue stayed; −1 while it is not small.
    private int Steady(int before, double last, double now, double residual) =>
        residual > tolerance * Math.Abs(now) ? -1
        : before >= 0 && Math.Abs(now - last) <= tolerance * Math.Abs(now) ? before + 1 : 0;

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
