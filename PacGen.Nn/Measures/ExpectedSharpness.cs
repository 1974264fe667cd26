using System.Globalization;
using PacGen.Core.Perturbation;

namespace PacGen.Nn;

/// <summary>Expected sharpness (3) (Neyshabur et al. 2017): 𝔼_{u ~ N(0, σ²)ᵐ} L̂(w + u) − L̂(w), about ½σ² tr ∇²L̂ for a small σ.</summary>
/// <param name="Value">The sharpness.</param>
/// <param name="StandardError">Its standard error over the draws of u; L̂(w) is exact.</param>
/// <param name="Loss">L̂(w).</param>
/// <param name="Expected">𝔼 L̂(w + u).</param>
/// <param name="Sigma">σ.</param>
public sealed record ExpectedSharpness(double Value, double StandardError, double Loss, ExpectedLoss Expected, double Sigma)
{
    /// <summary>Draws Gaussian perturbations of all weights.</summary>
    /// <param name="empirical">L̂; left at some other point.</param>
    /// <param name="sigma">σ, the same for all weights.</param>
    /// <param name="draws">N, the independent draws.</param>
    /// <param name="antithetic">Whether each u comes with −u, which cancels the gradient's part: twice the passes.</param>
    /// <param name="seed">Decides the perturbations.</param>
    /// <param name="progress">Told after each pass.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">σ is negative or not finite, or there is no draw.</exception>
    /// <exception cref="TrainingException">The loss is not finite at some perturbation.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ExpectedSharpness Compute(
        EmpiricalLoss empirical,
        double sigma,
        int draws = 100,
        bool antithetic = false,
        ulong seed = 1,
        IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(empirical);
        ExpectedLossOptions options = new() { Sigma = sigma, Draws = draws, Antithetic = antithetic, Seed = seed };
        options.Validate();
        empirical.MoveToWeights();
        double loss = empirical.Value(cancellation);
        ExpectedLoss expected = ExpectedLoss.Sample<GaussianNoise>(empirical, options, null, progress, cancellation);
        return new ExpectedSharpness(expected.Loss.Value - loss, expected.Loss.StandardError, loss, expected, sigma);
    }

    /// <summary>The value with its standard error.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"expected sharpness (3) {Value:G5} ± {StandardError:G2}: σ = {Sigma}, {Expected.Loss.Draws} draws, loss {Loss:G6} at the weights");
}
