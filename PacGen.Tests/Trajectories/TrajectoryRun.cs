namespace PacGen.Tests.Trajectories;

/// <summary>The steps of one optimizer in libtorch. A setting that the optimizer doesn't have is 0.</summary>
/// <param name="Optimizer"><c>sgd</c>, <c>momentum</c>, <c>nesterov</c>, <c>adam</c>, <c>adam-l2</c> (weight decay added to the
/// gradient) or <c>adamw</c> (decoupled).</param>
/// <param name="LearningRate">The constant learning rate.</param>
/// <param name="Momentum">SGD's momentum, without dampening.</param>
/// <param name="Nesterov">Whether the momentum is Nesterov's.</param>
/// <param name="WeightDecay">The factor on the weights.</param>
/// <param name="Beta1">Adam's smoothing of the gradient.</param>
/// <param name="Beta2">Adam's smoothing of its square.</param>
/// <param name="Epsilon">Adam's ε, added to the root of the corrected second moment.</param>
/// <param name="Losses">The mean cross-entropy of each step's batch, before the step.</param>
/// <param name="After">The flat parameters after the steps that were kept, by the number of steps; of each what
/// <see cref="TrajectoryFile.Kept"/> keeps.</param>
/// <param name="State">Running means and variances after the steps that were kept.</param>
internal sealed record TrajectoryRun(
    string Optimizer,
    float LearningRate,
    float Momentum,
    bool Nesterov,
    float WeightDecay,
    float Beta1,
    float Beta2,
    float Epsilon,
    float[] Losses,
    IReadOnlyDictionary<int, float[]> After,
    IReadOnlyDictionary<int, float[]> State);
