using System.Globalization;
using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Lemmas 6 and 8 and Theorem 7 for a trained network: L̂, the diagonal of ∇²L̂ and ρ of its smoothly bounded cross-entropy on
/// the sample that it was trained on, and from them the bounds at any η and τ. The value is Lemma 8's at the options' τ, the
/// least over a grid of η.
/// </summary>
/// <remarks>
/// A result is a bound, under what it lists, only where the diagonal is exact, ρ was given and the network has no kinks; else it
/// is a score, and <see cref="Doubt"/> says why. Half the entries of an estimated diagonal lie below the true ones, a sampled ρ
/// is a lower estimate, and across a kink there is no ρ. An exact entry below 0 counts as 0, which only raises ℳ
/// (<see cref="NegativeShare"/> says how many). The sound way that needs neither ρ nor curvature is <see cref="ByDraws"/>. Bounds
/// are summed in double; with a device in single precision there, one pass over the weights for each η. For networks of practical
/// size these bounds are far above
/// 1: <see cref="Certifier"/> gives ones that are not.
/// </remarks>
/// <example>
/// <code>
/// using EmpiricalLoss empirical = new(model, trainer.Arena, data.Train);
/// NetworkBounds bounds = NetworkBounder.Measure(empirical);
/// Console.WriteLine(bounds.Lemma6(Tau.Fixed(4)));
/// </code>
/// </example>
public sealed record NetworkBounds : Measurement
{
    /// <summary>L̂(w) of the smoothly bounded cross-entropy, n and δ.</summary>
    public required BoundSample Sample { get; init; }

    /// <summary>ρ, given or sampled, γ and ε.</summary>
    public required LocalSmoothness Smoothness { get; init; }

    /// <summary>The share of parameters whose ∇ᵢ²L̂ was below 0 and counts as 0.</summary>
    public required double NegativeShare { get; init; }

    /// <summary>Whether every ∇ᵢ²L̂ was computed, not estimated from random products.</summary>
    public required bool IsCurvatureExact { get; init; }

    /// <summary>Whether ρ was given; a sampled one is a lower estimate.</summary>
    public required bool IsRhoGiven { get; init; }

    /// <summary>An operation of the network with kinks, at which L̂ has no second derivative; null for none.</summary>
    public required string? Kink { get; init; }

    /// <summary>Why the results are scores and not bounds, in a sentence; null where they are bounds.</summary>
    public string? Doubt => Kink is { } kink
        ? $"{kink} has kinks, where the loss has no second derivative and Definition 4 no ρ."
        : !IsCurvatureExact ? "the Hessian's diagonal is estimated, so that half its entries lie below the true ones."
        : !IsRhoGiven ? "ρ is sampled, which finds a lower estimate: give ρ where it is known."
        : null;

    /// <summary>∇ᵢ²L̂(w), in the arena's order.</summary>
    public IReadOnlyList<float> Diagonal => Curvature;

    /// <summary>w, in the arena's order.</summary>
    internal float[] Weights { get; init; } = [];

    /// <summary>What <see cref="Diagonal"/> shows.</summary>
    internal float[] Curvature { get; init; } = [];

    /// <summary>
    /// Lemma 6 (13) with σ* (14): at an η that was chosen before the sample was seen, or else the least over a grid.
    /// </summary>
    /// <param name="tau">τ of the prior U(−τ, τ), chosen before the sample was seen; read off the weights it makes the result a
    /// score.</param>
    /// <param name="eta">η.</param>
    /// <param name="form">ℳ as it is, or the published m/2η; a grid is always of the first.</param>
    /// <param name="device">Where the sums are made; without it in double.</param>
    /// <exception cref="ArgumentException">|wᵢ| + κᵢ exceeds τᵢ.</exception>
    /// <exception cref="InvalidOperationException">The same, on a device.</exception>
    public BoundResult Lemma6(Tau tau, double? eta = null, BoundForm form = BoundForm.Rigorous, Device? device = null)
    {
        using OnDevice? place = Place(device);
        return Worth(
            eta is { } one ? UniformBound.Lemma6(Sample, Sums(one), form) : UniformBound.Lemma6OverGrid(Sample, Sums));

        UniformBoundSums Sums(double at) => UniformSums(place, at, tau);
    }

    /// <summary>Theorem 7 with σ* (15).</summary>
    /// <param name="tau">τ of the prior U(−τ, τ), as in <see cref="Lemma6"/>.</param>
    /// <param name="form">Which of its forms.</param>
    /// <param name="device">Where the sums are made; without it in double.</param>
    /// <exception cref="ArgumentException">|wᵢ| + κᵢ exceeds τᵢ.</exception>
    /// <exception cref="InvalidOperationException">The same, on a device.</exception>
    public BoundResult Theorem7(Tau tau, Theorem7Form form = Theorem7Form.Grid, Device? device = null)
    {
        using OnDevice? place = Place(device);
        return Worth(UniformBound.Theorem7(
            Sample, UniformSums(place, UniformBound.Theorem7Eta(Weights.Length, Sample.Count), tau), form));
    }

    /// <summary>
    /// Lemma 8 (20) with the exact divergence and its σ*: at an η that was chosen before the sample was seen, or else the least
    /// over a grid.
    /// </summary>
    /// <param name="tau">τ, the variance of the prior N(0, τI), chosen before the sample was seen.</param>
    /// <param name="eta">η.</param>
    /// <param name="device">Where the sums are made; without it in double.</param>
    public BoundResult Lemma8(double tau, double? eta = null, Device? device = null)
    {
        using OnDevice? place = Place(device);
        return Worth(eta is { } one ? GaussianBound.Lemma8(Sample, Sums(one)) : GaussianBound.Lemma8OverGrid(Sample, Sums));

        GaussianBoundSums Sums(double at) => place is null
            ? GaussianBound.Sums<float>(Smoothness, at, Weights, Curvature, tau)
            : GaussianBoundSums.Of(
                place.Run<GaussianBoundTerm, GaussianBoundSettings>(
                    GaussianBoundSettings.Of(Smoothness, at, tau, Weights.Length)), Weights.Length, at);
    }

    /// <summary>
    /// A bound without ρ and curvature: 𝔼L̂ of a perturbation from draws of it, with their δ′, put into the inequality of Seeger
    /// and Maurer. It holds for networks with kinks, and for the 0-1 loss.
    /// </summary>
    /// <param name="drawnLoss">The mean loss of independent draws of w + u, in [0, 1]; <see cref="ExpectedLossSampler"/> measures
    /// it.</param>
    /// <param name="draws">How many draws; their number was fixed before.</param>
    /// <param name="deltaPrime">δ′, in (0, 1).</param>
    /// <param name="kl">KL(w + u ‖ π) of the perturbation that was drawn.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public BoundResult ByDraws(double drawnLoss, long draws, double deltaPrime, double kl) =>
        MonteCarloRisk.UpperLimit(drawnLoss, draws, deltaPrime).Into(
            loss => MaurerSeeger.Bound(loss, kl, Sample.Count, Sample.Delta));

    /// <summary>The value, and what it rests on.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"Lemma 8: {Value:G6}; L̂ {Sample.EmpiricalLoss:G6} on {Sample.Count:N0} images, " +
        $"{Smoothness}, the Hessian's diagonal {(IsCurvatureExact ? "exact" : "estimated")}; {Cost}");

    /// <summary>The same, or a score where what it takes for granted is known not to hold.</summary>
    private BoundResult Worth(BoundResult result) => Doubt is null ? result
        : result with { Status = BoundStatus.Score, Assumptions = [], FailureProbability = double.NaN };

    private UniformBoundSums UniformSums(OnDevice? place, double eta, Tau tau) => place is null
        ? UniformBound.Sums<float>(Smoothness, eta, Weights, Curvature, tau)
        : UniformBoundSums.Of(
            place.Run<UniformBoundTerm, UniformBoundSettings>(
                UniformBoundSettings.Of(Smoothness, eta, tau, Weights.Length)), Weights.Length, eta, tau);

    private OnDevice? Place(Device? device) => device is null ? null : new OnDevice(device, Weights, Curvature);

    /// <summary>Weights and curvatures on a device.</summary>
    private sealed class OnDevice : IDisposable
    {
        private readonly DeviceBuffer weights;
        private readonly DeviceBuffer? curvature;

        public OnDevice(Device device, float[] weights, float[] curvature)
        {
            this.weights = device.Allocate(weights.Length);
            try
            {
                this.curvature = device.Allocate(curvature.Length);
                this.weights.Write(0, weights);
                this.curvature.Write(0, curvature);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public TermSums Run<TTerms, TSettings>(TSettings settings)
            where TTerms : struct, ITerms<TSettings>
            where TSettings : unmanaged
        {
            using SumLaunch<TSettings> launch = SumLaunch<TSettings>.Create<TTerms>(
                weights.Device, new Region(weights), new Region(curvature!));
            launch.Settings = settings;
            launch.Run();
            return launch.Result;
        }

        public void Dispose()
        {
            weights.Dispose();
            curvature?.Dispose();
        }
    }
}
