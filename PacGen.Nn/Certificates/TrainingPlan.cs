
namespace PacGen.Nn;

/// <summary>One run of <see cref="NoisyTraining"/>.</summary>
/// <param name="Images">What it sees.</param>
/// <param name="Epochs">How many times.</param>
/// <param name="BatchSize">Images a step.</param>
/// <param name="Optimizer">The rule.</param>
/// <param name="Seed">Decides the order of images and the draws.</param>
/// <param name="Stream">The stream of the draws.</param>
internal sealed record TrainingPlan(SampleSet Images, int Epochs, int BatchSize, Optimizer Optimizer, ulong Seed, uint Stream)
{
    /// <summary>w₀, which the prior's KL pulls w to; null for no pull.</summary>
    public float[]? Anchor { get; init; }

    /// <summary>The pull's strength at each weight: its gradient is (w − w₀)·precision.</summary>
    public float[]? AnchorPrecision { get; init; }

    /// <summary>A factor of the pull, asked for before each epoch; null for 1.</summary>
    public Func<double>? AnchorStrength { get; init; }

    /// <summary>σ, where it is learnt beside w; null where <see cref="BeforeEpoch"/> sets it.</summary>
    public LearntSigma? Sigma { get; init; }

    /// <summary>The subspace through the first weights that the weights stay in; null for all of their space.</summary>
    public SignSubspace? Subspace { get; init; }

    /// <summary>
    /// The weights that a pass runs with, from those that are trained, in the place of the noise; null for the noise's.
    /// </summary>
    public Func<float[], float[]>? Rounded { get; init; }

    /// <summary>
    /// Whether the running statistics stay as they are, and batches are normalised by them; else by their own, and the
    /// statistics are estimated anew at w, from the same images, before each epoch but the first and at the end.
    /// </summary>
    public bool IsFrozen { get; init; }

    /// <summary>How images are varied; null for as they are.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>Called before each epoch, counted from 1: sets the noise's levels.</summary>
    public required Action<int> BeforeEpoch { get; init; }
}
