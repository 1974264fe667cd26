using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Lemmas 6 and 8 and Theorem 7 for a trained network: L̂, the diagonal of ∇²L̂ and ρ of its smoothly bounded cross-entropy on
/// the sample that it was trained on, and, at any η and τ, σ*, KL and ℳ in one pass on its device.
/// </summary>
/// <remarks>
/// What the results assume is listed in them. Of it the code cannot check ρ: sampled, it is a lower estimate
/// (<see cref="Smoothness"/>). An entry of the diagonal below 0, or an estimate below 0, counts as 0, which keeps the bound an
/// upper bound of itself (<see cref="NegativeShare"/> says how many). For networks of practical size these bounds are far above
/// 1: <see cref="Certifier"/> gives ones that are not.
/// </remarks>
/// <example>
/// <code>
/// using EmpiricalLoss empirical = new(model, trainer.Arena, data.Train);
/// NetworkBounds bounds = NetworkBounder.Measure(empirical);
/// Console.WriteLine(bounds.Lemma6(Tau.Fixed(4)));
/// </code>
/// </example>
public sealed class NetworkBounds
{
    private readonly Device device;
    private readonly float[] weights, curvature;

    internal NetworkBounds(
        Device device, float[] weights, HessianDiagonal diagonal, BoundSample sample, LocalSmoothness smoothness)
    {
        (this.device, this.weights, Sample, Smoothness) = (device, weights, sample, smoothness);
        curvature = [.. diagonal.Entries.Select(entry => (float)Math.Max(entry, 0))];
        (NegativeShare, IsCurvatureExact) = (diagonal.NegativeShare, diagonal.IsExact);
    }

    /// <summary>L̂(w) of the smoothly bounded cross-entropy, n and δ.</summary>
    public BoundSample Sample { get; }

    /// <summary>ρ, given or sampled, γ and ε.</summary>
    public LocalSmoothness Smoothness { get; }

    /// <summary>The share of parameters whose ∇ᵢ²L̂ was below 0 and counts as 0.</summary>
    public double NegativeShare { get; }

    /// <summary>Whether every ∇ᵢ²L̂ was computed, not estimated from random products.</summary>
    public bool IsCurvatureExact { get; }

    /// <summary>∇ᵢ²L̂(w), in the arena's order.</summary>
    public IReadOnlyList<float> Diagonal => curvature;

    /// <summary>
    /// Lemma 6 (13) with σ* (14): at an η that was chosen before the sample was seen, or else the least over a grid.
    /// </summary>
    /// <param name="tau">τ of the prior U(−τ, τ), chosen before the sample was seen; read off the weights it makes the result a
    /// score.</param>
    /// <param name="eta">η.</param>
    /// <param name="form">ℳ as it is, or the published m/2η; a grid is always of the first.</param>
    /// <exception cref="InvalidOperationException">|wᵢ| + κᵢ exceeds τᵢ.</exception>
    /// <exception cref="ArgumentException">The same, over a grid.</exception>
    public BoundResult Lemma6(Tau tau, double? eta = null, BoundForm form = BoundForm.Rigorous) => eta is { } one
        ? UniformBound.Lemma6(Sample, UniformSums(one, tau), form)
        : UniformBound.Lemma6OverGrid<float>(Sample, Smoothness, weights, curvature, tau);

    /// <summary>Theorem 7 with σ* (15).</summary>
    /// <param name="tau">τ of the prior U(−τ, τ), as in <see cref="Lemma6"/>.</param>
    /// <param name="form">Which of its forms.</param>
    /// <exception cref="InvalidOperationException">|wᵢ| + κᵢ exceeds τᵢ.</exception>
    public BoundResult Theorem7(Tau tau, Theorem7Form form = Theorem7Form.Grid) =>
        UniformBound.Theorem7(Sample, UniformSums(UniformBound.Theorem7Eta(weights.Length, Sample.Count), tau), form);

    /// <summary>
    /// Lemma 8 (20) with the exact divergence and its σ*: at an η that was chosen before the sample was seen, or else the least
    /// over a grid.
    /// </summary>
    /// <param name="tau">τ, the variance of the prior N(0, τI), chosen before the sample was seen.</param>
    /// <param name="eta">η.</param>
    public BoundResult Lemma8(double tau, double? eta = null)
    {
        if (eta is not { } one)
        {
            return GaussianBound.Lemma8OverGrid<float>(Sample, Smoothness, weights, curvature, tau);
        }

        TermSums sums = Sums<GaussianBoundTerm, GaussianBoundSettings>(
            GaussianBoundSettings.Of(Smoothness, one, tau, weights.Length));
        return GaussianBound.Lemma8(Sample, GaussianBoundSums.Of(sums, weights.Length, one));
    }

    private UniformBoundSums UniformSums(double eta, Tau tau) => UniformBoundSums.Of(
        Sums<UniformBoundTerm, UniformBoundSettings>(UniformBoundSettings.Of(Smoothness, eta, tau, weights.Length)),
        weights.Length,
        eta,
        tau);

    private TermSums Sums<TTerms, TSettings>(TSettings settings)
        where TTerms : struct, ITerms<TSettings>
        where TSettings : unmanaged
    {
        using DeviceBuffer w = OnDevice(weights), h = OnDevice(curvature);
        using SumLaunch<TSettings> launch = SumLaunch<TSettings>.Create<TTerms>(device, new Region(w), new Region(h));
        launch.Settings = settings;
        launch.Run();
        return launch.Result;
    }

    private DeviceBuffer OnDevice(float[] values)
    {
        DeviceBuffer buffer = device.Allocate(values.Length);
        buffer.Write(0, values);
        return buffer;
    }
}
