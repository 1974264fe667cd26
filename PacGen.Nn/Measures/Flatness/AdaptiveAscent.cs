namespace PacGen.Nn;

/// <summary>
/// Measures adaptive sharpness (Kwon and others 2021, <see href="https://arxiv.org/abs/2102.11600">arXiv 2102.11600</see>, (3)
/// with p = 2): max over ‖ε/t‖₂ ≤ ρ of L̂(w + ε) − L̂(w), t = |w| + η by each weight, so that rescaled layers keep it but for η.
/// The search goes to the point of the ball where the loss's linear part at the present point is largest, ε ← ρ·t²g/‖tg‖: first
/// ASAM's own step, then again from there. Where L̂ is convex the loss never falls on this way; the largest that is met counts.
/// </summary>
public static class AdaptiveAscent
{
    /// <summary>Searches the maximum.</summary>
    /// <param name="subject">L̂; left at some other point.</param>
    /// <param name="options">ρ, η and how many gradients; defaults without it.</param>
    /// <param name="progress">Notified after each gradient.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The largest loss that was found, and the loss at the weights.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="TrainingException">The loss is not finite somewhere in the ball.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static AdaptiveSharpness Measure(
        EmpiricalLoss subject, AdaptiveSharpnessOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new AdaptiveSharpnessOptions();
        options.Validate();
        PassCost before = subject.Cost;
        float[] weights = subject.MoveToWeights(), point = [.. weights];
        double[] gradient = new double[weights.Length];
        double loss = subject.Gradient(gradient, cancellation);
        List<double> losses = [];
        for (int step = 1; step <= options.Iterations; step++)
        {
            double squares = 0;
            for (int i = 0; i < weights.Length; i++)
            {
                double scaled = Scale(weights[i]) * gradient[i];
                squares += scaled * scaled;
            }

            // Nowhere to climb.
            if (squares == 0)
            {
                losses.Add(losses.Count > 0 ? losses[^1] : loss);
                progress?.Report(new MeasureProgress("adaptive sharpness", options.Iterations, options.Iterations));
                break;
            }

            double factor = options.Rho / Math.Sqrt(squares);
            for (int i = 0; i < weights.Length; i++)
            {
                double scale = Scale(weights[i]);
                point[i] = (float)(weights[i] + (factor * scale * scale * gradient[i]));
            }

            subject.MoveTo(point);
            losses.Add(step < options.Iterations ? subject.Gradient(gradient, cancellation) : subject.Value(cancellation));
            progress?.Report(new MeasureProgress("adaptive sharpness", step, options.Iterations));
        }

        double largest = Math.Max(loss, losses.Max());
        return new AdaptiveSharpness
        {
            Value = largest - loss,
            Uncertainty = Uncertainty.LowerBound(largest - loss),
            Cost = subject.Cost - before,
            Loss = loss,
            LargestLoss = largest,
            Losses = losses,
        };

        double Scale(float weight) => Math.Abs((double)weight) + options.Eta;
    }

    /// <summary>The row of <see cref="Measures.All"/>.</summary>
    internal static Measure Row() => new(
        "adaptive-sharpness", "max L̂(w + ε) − L̂(w) over ‖ε/(|w| + 0.01)‖₂ ≤ 0.5, as ASAM has it", true,
        "networks of one size: ρ is a length over all weights",
        (subject, _, progress, cancellation) => Measure(subject, null, progress, cancellation));
}
