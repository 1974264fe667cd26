using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// An optimizer at work on one model: a step is <see cref="Perturb"/>, the gradient at <see cref="ForwardWeights"/> into the
/// gradients' buffer, again for each <see cref="TryNextPoint"/>, <see cref="TryUpdate"/>. That waits for the step. Where the
/// device works by itself, steps can be submitted without waiting and completed later: <see cref="Begin"/>, then
/// <see cref="Submit"/> or <see cref="Run"/>, then <see cref="Complete"/>.
/// </summary>
public abstract class OptimizerSession : IDisposable
{
    private protected OptimizerSession()
    {
    }

    /// <summary>The weights that the training pass runs with: w + u under Algorithm 1, else w itself.</summary>
    public abstract DeviceBuffer ForwardWeights { get; }

    /// <summary>
    /// The deviation 1/√(λp) of each weight under the posterior that the optimizer learns, in the arena's order; null where
    /// it learns none.
    /// </summary>
    /// <remarks>
    /// Levels of <see cref="GaussianNoise"/> for <see cref="ExpectedLossOptions.Levels"/>: 𝔼L̂ under the posterior.
    /// </remarks>
    public abstract float[]? PosteriorDeviations();

    /// <summary>p = h + δ of the posterior N(w, 1/(λp)), a Hessian's diagonal that is positive; null without one.</summary>
    internal abstract float[]? PosteriorPrecisions();

    /// <summary>
    /// h, the smoothed square of the batches' gradients as they are applied (clipped, and at w + u or a second point where the
    /// optimizer takes them there): h ← βh + (1 − β)g² from 0, in the arena's layout. Null where none is kept.
    /// </summary>
    public abstract DeviceBuffer? SecondMoment { get; }

    /// <summary>β of <see cref="SecondMoment"/>; null where none is kept.</summary>
    public abstract double? SecondMomentBeta { get; }

    /// <summary>The number of updates done or submitted.</summary>
    public abstract long Steps { get; }

    /// <summary>
    /// Lines 6 to 9 of Algorithm 1: draws u and puts w + u into <see cref="ForwardWeights"/>. Nothing to do for a plain
    /// optimizer.
    /// </summary>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <exception cref="InvalidOperationException">Outcomes of submitted steps were not taken.</exception>
    public abstract void Perturb(int epoch);

    /// <summary>
    /// How many gradients a step takes: 1, or 2 under <see cref="SharpnessAware"/> and <see cref="PerturbedOptimizer.TwoPoint"/>.
    /// </summary>
    public abstract int Gradients { get; }

    /// <summary>
    /// Moves <see cref="ForwardWeights"/> to the step's next point, which follows from the gradient at the last; what is observed
    /// there is not the step's loss.
    /// </summary>
    /// <returns>False where all gradients of the step were taken: the gradients' buffer has the one to apply.</returns>
    public abstract bool TryNextPoint();

    /// <summary>Moves <see cref="ForwardWeights"/> back to the first point of a step of two, as it was perturbed.</summary>
    internal abstract void Restart();

    /// <summary>Lines 11 and 12 of Algorithm 1: updates h and w from the gradients.</summary>
    /// <param name="learningRate">This step's learning rate.</param>
    /// <param name="clipNorm">The gradient's largest Euclidean norm, or null for no clipping.</param>
    /// <returns>False where the gradient was not finite: with clipping nothing was updated then, without it weights or what is
    /// kept beside them are lost.</returns>
    /// <exception cref="InvalidOperationException">Outcomes of submitted steps were not taken.</exception>
    public abstract bool TryUpdate(double learningRate, double? clipNorm = null);

    /// <summary>How many steps may be submitted before the first is completed: 1 where a step is waited for.</summary>
    public abstract int Depth { get; }

    /// <summary>
    /// Begins a step that ends with <see cref="Submit"/>: <see cref="Perturb"/>, the pass, <see cref="Observe"/>, both again for
    /// each <see cref="TryNextPoint"/>, <see cref="Submit"/>; or <see cref="Run"/>, which is all of that.
    /// </summary>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <param name="learningRate">This step's learning rate.</param>
    /// <param name="clipNorm">The gradient's largest Euclidean norm; +∞ for any.</param>
    /// <exception cref="InvalidOperationException">The last step was not submitted, or <see cref="Depth"/> steps are in
    /// flight.</exception>
    public abstract void Begin(int epoch, double learningRate, double clipNorm);

    /// <summary>Notes the loss of a batch's pass, or of a part's, for <see cref="Submit"/>.</summary>
    /// <param name="loss">Where the mean loss is.</param>
    /// <param name="share">The part's share of the batch.</param>
    /// <param name="first">Whether it is the first part.</param>
    /// <returns>False where the loss is known not to be finite: further parts are of no use.</returns>
    public abstract bool Observe(Region loss, double share, bool first);

    /// <summary>
    /// <see cref="TryUpdate"/> after <see cref="Observe"/>, which need not wait: nothing is updated where the loss or the
    /// gradient is not finite, nor in steps after such a one.
    /// </summary>
    /// <exception cref="InvalidOperationException">No step was begun.</exception>
    public abstract void Submit();

    /// <summary>A whole step as one launch, for <see cref="Run"/>; null where steps are waited for.</summary>
    /// <param name="pass">The launches of the pass; they stay their owner's.</param>
    /// <param name="loss">Where the mean loss is.</param>
    public abstract Launch? Program(IReadOnlyList<Launch> pass, Region loss);

    /// <summary>Submits the step that was begun, as a whole.</summary>
    /// <param name="program">What <see cref="Program"/> made.</param>
    public abstract void Run(Launch program);

    /// <summary>The outcome of the oldest step that was submitted. After a bad one, those behind it are forgotten.</summary>
    public abstract StepOutcome Complete();

    /// <summary>
    /// The arrays of the parameters' layout that the next step depends on beside w, by name: the rule's states first.
    /// </summary>
    internal abstract IReadOnlyList<(string Name, DeviceBuffer Buffer)> Arrays { get; }

    /// <summary>
    /// The numbers that the next step depends on; with them and <see cref="Arrays"/> restored, it gives the same bits.
    /// </summary>
    internal abstract OptimizerCounters Counters { get; set; }

    /// <summary>The scalars of the next perturbation by Algorithm 1; null where there is none.</summary>
    /// <param name="epoch">The epoch, counted from 1.</param>
    internal abstract PerturbSettings? NextPerturbation(int epoch);

    /// <summary>The memory of what the session keeps beside weights and gradients, in bytes.</summary>
    internal abstract long Bytes { get; }

    /// <summary>
    /// The model's state that the passes move, or null where they move none: a step of which it is not finite ends as one whose
    /// loss is not.
    /// </summary>
    internal StateUpdate? States { get; set; }

    /// <summary>The average of the weights that a step moves; null where steps move none.</summary>
    internal AveragedWeights? Average { get; set; }

    /// <inheritdoc/>
    public abstract void Dispose();
}
