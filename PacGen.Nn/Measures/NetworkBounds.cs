using PacGen.Core.Bounds;
using PacGen.Kernels.Devices;
using PacGen.Kernels.PerParameter;
using PacGen.Nn.Data;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

/// <summary>
/// Lemmas 6 and 8 and Theorem 7 for a trained network: L̂, the diagonal of ∇²L̂ and ρ of its bounded cross-entropy on the sample that it was
/// trained on, and, at any η and τ, σ*, KL and ℳ in one pass on its device.
/// </summary>
/// <remarks>
/// What the results assume is listed in them. Of it the code cannot check ρ: sampled, it is a lower estimate (<see cref="Smoothness"/>).
/// An entry of the diagonal below 0, or an estimate below 0, counts as 0, which keeps the bound an upper bound of itself
/// (<see cref="NegativeShare"/> says how many). For networks of practical size these bounds are far above 1: <see cref="Certifier"/> gives ones that are not.
/// </remarks>
/// <example>
/// <code>
/// NetworkBounds bounds = NetworkBounds.Compute(model, trainer.Arena, data.Train);
/// Console.WriteLine(bounds.Lemma6(Tau.Fixed(4)));
/// </code>
/// </example>
public sealed class NetworkBounds
{
    private readonly Device device;
    private readonly float[] weights, curvature;

    private NetworkBounds(Device device, float[] weights, float[] curvature, BoundSample sample, LocalSmoothness smoothness, double negativeShare, bool exact)
    {
        (this.device, this.weights, this.curvature) = (device, weights, curvature);
        (Sample, Smoothness, NegativeShare, IsCurvatureExact) = (sample, smoothness, negativeShare, exact);
    }

    /// <summary>L̂(w) of the bounded cross-entropy, n and δ.</summary>
    public BoundSample Sample { get; }

    /// <summary>ρ, given or sampled, γ and ε.</summary>
    public LocalSmoothness Smoothness { get; }

    /// <summary>The share of parameters whose ∇ᵢ²L̂ was below 0 and counts as 0.</summary>
    public double NegativeShare { get; }

    /// <summary>Whether every ∇ᵢ²L̂ was computed, not estimated from random products.</summary>
    public bool IsCurvatureExact { get; }

    /// <summary>∇ᵢ²L̂(w), in the arena's order.</summary>
    public IReadOnlyList<float> Diagonal => curvature;

    /// <summary>Measures a network on the sample that it was trained on.</summary>
    /// <param name="model">The network; its last layer gives logits.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="sample">The sample, without augmentation.</param>
    /// <param name="options">δ, the neighbourhood, ρ.</param>
    /// <param name="progress">Told after each product.</param>
    /// <param name="cancellation">Stops between products.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static NetworkBounds Compute(
        Module model, ParameterArena arena, ImageSet sample, NetworkBoundOptions? options = null,
        IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(arena);
        options ??= new NetworkBoundOptions();
        using EmpiricalLoss bounded = new(
            model, arena, sample, (logits, labels) => Loss.BoundedCrossEntropy(logits, labels, options.SmallestProbability));
        Curvature hessian = new(bounded);
        bool exact = arena.Count <= options.LargestExact;
        IReadOnlyList<double> diagonal = exact
            ? hessian.Diagonal(progress, cancellation)
            : hessian.Moments(options.CurvatureDraws, options.Seed, progress, cancellation).Diagonal;
        double rho = options.Rho ?? LocalHessianLipschitz.Sample(
            bounded,
            new HessianLipschitzOptions { Gamma = options.Gamma, Epsilon = options.Epsilon, Seed = options.Seed },
            progress,
            cancellation).Rho;
        bounded.MoveToWeights();
        return new NetworkBounds(
            arena.Device,
            arena.Save(),
            [.. diagonal.Select(entry => (float)Math.Max(entry, 0))],
            new BoundSample(Math.Clamp(bounded.Value(cancellation), 0, 1), sample.Count, options.Delta),
            new LocalSmoothness(rho, options.Gamma, options.Epsilon),
            diagonal.Count(entry => entry < 0) / (double)diagonal.Count,
            exact);
    }

    /// <summary>Lemma 6 (13) with σ* (14): at an η that was chosen before the sample was seen, or else the least over a grid.</summary>
    /// <param name="tau">τ of the prior U(−τ, τ), chosen before the sample was seen; read off the weights it makes the result a score.</param>
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

    /// <summary>Lemma 8 (20) with the exact divergence and its σ*: at an η that was chosen before the sample was seen, or else the least over a grid.</summary>
    /// <param name="tau">τ, the variance of the prior N(0, τI), chosen before the sample was seen.</param>
    /// <param name="eta">η.</param>
    public BoundResult Lemma8(double tau, double? eta = null)
    {
        if (eta is not { } one)
        {
            return GaussianBound.Lemma8OverGrid<float>(Sample, Smoothness, weights, curvature, tau);
        }

        using Buffer w = OnDevice(weights), h = OnDevice(curvature);
        using GaussianBoundLaunch launch = GaussianBoundLaunch.Create(device, new Region(w), new Region(h));
        (launch.Smoothness, launch.Eta, launch.Tau) = (Smoothness, one, tau);
        launch.Run();
        return GaussianBound.Lemma8(Sample, launch.Sums);
    }

    private UniformBoundSums UniformSums(double eta, Tau tau)
    {
        using Buffer w = OnDevice(weights), h = OnDevice(curvature);
        using UniformBoundLaunch launch = UniformBoundLaunch.Create(device, new Region(w), new Region(h));
        (launch.Smoothness, launch.Eta, launch.Tau) = (Smoothness, eta, tau);
        launch.Run();
        return launch.Sums;
    }

    private Buffer OnDevice(float[] values)
    {
        Buffer buffer = device.Allocate(values.Length);
        buffer.Write(0, values);
        return buffer;
    }
}
