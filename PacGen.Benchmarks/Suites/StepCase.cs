using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// A model's training step that is timed on devices, and by PyTorch's script (Peers/pytorch/steps.py) under the same name.
/// </summary>
/// <param name="Model">The model, as the script names it.</param>
/// <param name="Batch">Images a step.</param>
/// <param name="Flops">What a step's work is at the least, to tell beforehand whether it takes too long.</param>
/// <param name="Prepare">Makes the step on a device with an optimizer.</param>
internal sealed record StepCase(string Model, int Batch, double Flops, Func<Device, Optimizer, Work> Prepare)
{
    /// <summary>Each model, at the batches that its users train with.</summary>
    public static IReadOnlyList<StepCase> All { get; } =
    [
        new("mlp", 32, 1.2e6, (device, rule) => Work.MlpStep(device, 32, rule)),
        new("mnist-cnn", 64, 1.6e8, (device, rule) => Work.MnistCnnStep(device, 64, rule)),
        new("mnist-cnn", 1024, 2.6e9, (device, rule) => Work.MnistCnnStep(device, 1024, rule)),
        new("wrn-16-1", 128, 2e10, (device, rule) => Work.WideResNetStep(device, 16, 1, 128, rule)),
        new("wrn-58-3", 128, 8e11, (device, rule) => Work.WideResNetStep(device, 58, 3, 128, rule)),
    ];

    /// <summary>The step's name for people.</summary>
    public string Name => $"{Model}, batch {Batch}";

    /// <summary>Adam, plain or under Algorithm 1.</summary>
    public static Optimizer Rule(bool perturbed) =>
        perturbed ? new PerturbedOptimizer(new Adam(1e-4), eta: 0.01) : new Adam(1e-4);
}
