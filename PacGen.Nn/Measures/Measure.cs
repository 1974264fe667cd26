namespace PacGen.Nn;

/// <summary>One row of <see cref="Measures.All"/>: how a quantity of a trained network is measured, and how to read it.</summary>
/// <param name="Name">A short name without spaces, such as <c>largest-eigenvalue</c>.</param>
/// <param name="Description">What it is, with its equation.</param>
/// <param name="SmallerIsBetter">Whether a smaller value is said to mean better generalization; null where nothing is
/// said.</param>
/// <param name="Assumes">What has to hold for the number to mean something.</param>
/// <param name="Of">Measures with default options and a seed.</param>
/// <param name="Obstacle">A sentence that says why the measure means nothing for a subject, or can't be taken on it; null where
/// it can. Without this it always can. It takes a pass at most, which counts with the measure's.</param>
/// <example>
/// <code>
/// Measure norm = new("norm", "‖w‖", true, "one architecture", (subject, seed, progress, stop) => Norm.Measure(subject));
/// foreach (Measure measure in Measures.All.Append(norm))
/// {
///     string? obstacle = measure.Obstacle?.Invoke(empirical);
///     Console.WriteLine($"{measure.Name}: {obstacle ?? measure.Of(empirical, 1, null, default).ToString()}");
/// }
/// </code>
/// </example>
public sealed record Measure(
    string Name,
    string Description,
    bool? SmallerIsBetter,
    string Assumes,
    Func<EmpiricalLoss, ulong, IProgress<MeasureProgress>?, CancellationToken, Measurement> Of,
    Func<EmpiricalLoss, string?>? Obstacle = null);
