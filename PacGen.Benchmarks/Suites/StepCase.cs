using PacGen.Nn;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// A model's training step that is timed on devices, and by PyTorch's script (Peers/pytorch/steps.py) under the same name.
/// </summary>
/// <param name="Model">The model, as the script names it.</param>
/// <param name="Batch">Images a step.</param>
/// <param name="Of">The step with an optimizer.</param>
internal sealed record StepCase(string Model, int Batch, Func<int, Optimizer, Work> Of)
{
    /// <summary>Each model, at the batches that its users train with.</summary>
    public static IReadOnlyList<StepCase> All { get; } =
    [
        new("mlp", 32, StepWork.Mlp),
        new("mnist-cnn", 64, StepWork.MnistCnn),
        new("mnist-cnn", 1024, StepWork.MnistCnn),
        new("wrn-16-1", 128, (batch, rule) => StepWork.WideResNet(16, 1, batch, rule)),
        new("wrn-58-3", 128, (batch, rule) => StepWork.WideResNet(58, 3, batch, rule)),
        new("wrn-28-10", 128, (batch, rule) => StepWork.WideResNet(28, 10, batch, rule)),
        new("encoder-256", 32, (batch, rule) => StepWork.Encoder(256, 4, 4, batch, 64, rule)),
    ];

    /// <summary>The step's name for people.</summary>
    public string Name => $"{Model}, batch {Batch}";

    /// <summary>The step with Adam, plain or under Algorithm 1.</summary>
    public Work Work(bool perturbed) => Of(
        Batch, perturbed ? new PerturbedOptimizer(new Adam(1e-4), eta: 0.01) : new Adam(1e-4)) with
    {
        Name = $"{Name}, training step{(perturbed ? ", perturbed" : "")}",
    };
}
