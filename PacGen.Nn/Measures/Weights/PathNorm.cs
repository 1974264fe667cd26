using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Measures the path norm Σ_c f_{w²}(1)_c: the sum of the outputs of the network with squared weights and biases for an image of
/// ones, which is the sum over all paths from inputs and biases to outputs of the product of the squared weights (Neyshabur and
/// others 2015; Jiang and others 2020, appendix C, (44), and (43) over γ²). It belongs to networks of products, ReLU and pooling:
/// with batch norm, whose division by a deviation is in no path, or another activation it means nothing.
/// </summary>
public static class PathNorm
{
    /// <summary>Computes the path norm.</summary>
    /// <param name="subject">The network; a pass over its images is taken for the margin alone.</param>
    /// <param name="options">Whether over the margin; without it not.</param>
    /// <param name="progress">Notified at the end.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The norm.</returns>
    /// <exception cref="InvalidOperationException">It means nothing for this network: <see cref="Measure.Obstacle"/>.</exception>
    /// <exception cref="TrainingException">A weight is not finite, or the norm is beyond single precision.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static NamedMeasurement Measure(
        EmpiricalLoss subject, PathNormOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new PathNormOptions();
        cancellation.ThrowIfCancellationRequested();
        Obstacles.Require(Obstacle(subject, options));
        PassCost before = subject.Work;
        ParameterArena arena = subject.Arena;
        using DeviceBuffer squares = arena.Device.Allocate(arena.Count);
        squares.Write(0, arena.Save().Select(weight => weight * weight).ToArray());
        NetworkLayers network = NetworkLayers.Of(subject);
        Dictionary<Tensor, Region> bindings = [];
        arena.Bind(bindings, squares);
        using CompiledGraph graph = CompiledGraph.Compile(arena.Device, [network.Output], bindings);
        graph[network.Input].Write(Enumerable.Repeat(1f, (int)network.Input.Shape.Count).ToArray());
        graph.Run();
        double norm = graph[network.Output].ToArray().Sum(output => (double)output);
        if (!double.IsFinite(norm))
        {
            throw new TrainingException("The path norm is beyond single precision: the weights are too large.");
        }

        double margin = options.OverMargin ? MarginDistribution.Of(subject, cancellation).Tenth : 1;
        progress?.Report(new MeasureProgress("path norm", 1, 1));
        return new NamedMeasurement
        {
            Name = options.OverMargin ? "path-norm-over-margin" : "path-norm",
            Value = norm / (margin * margin),
            Uncertainty = Uncertainty.Rounding(norm / (margin * margin)),
            Cost = subject.Work - before,
        };
    }

    /// <summary>A row of <see cref="Measures.All"/>.</summary>
    internal static Measure Row(bool overMargin) => new(
        overMargin ? "path-norm-over-margin" : "path-norm",
        overMargin ? "Σ f_{w²}(1) / γ²" : "Σ f_{w²}(1), the sum over paths of squared weights",
        true,
        "products, ReLU and pooling alone: no batch norm",
        (subject, _, progress, cancellation) =>
            Measure(subject, new PathNormOptions { OverMargin = overMargin }, progress, cancellation),
        subject => Obstacle(subject, new PathNormOptions { OverMargin = overMargin }));

    private static string? Obstacle(EmpiricalLoss subject, PathNormOptions options) =>
        NetworkLayers.Of(subject).NotOfPaths is { } other
            ? $"The network has {other}, which is in no path: the path norm belongs to products, ReLU and pooling alone."
            : options.OverMargin ? Obstacles.Margin(subject, positive: true) : null;
}
