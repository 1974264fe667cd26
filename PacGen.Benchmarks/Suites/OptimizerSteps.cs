using BenchmarkDotNet.Attributes;
using PacGen.Nn;

namespace PacGen.Benchmarks.Suites;

/// <summary>What an optimizer makes of a training step: WRN-10-1 on 32×32 colour images in batches of 128.</summary>
public class OptimizerSteps : Suite
{
    private static readonly (string Name, Optimizer Optimizer)[] All =
    [
        ("Adam", new Adam(1e-4)),
        ("perturbed", new PerturbedOptimizer(new Adam(1e-4), eta: 0.01)),
        ("two-point", new PerturbedOptimizer(new Adam(1e-4), eta: 0.01) { TwoPoint = true }),
        ("SAM", new SharpnessAware(new Adam(1e-4))),
        ("ASAM", SharpnessAware.Adaptive(new Adam(1e-4))),
        ("IVON", new Ivon(examples: 50_000)),
    ];

    /// <summary>The names of the optimizers.</summary>
    public static IEnumerable<string> Names => All.Select(one => one.Name);

    /// <summary>Which of them.</summary>
    [ParamsSource(nameof(Names))]
    public string Optimizer { get; set; } = All[0].Name;

    private protected override Work Work => StepWork.WideResNet(10, 1, 128, All.First(one => one.Name == Optimizer).Optimizer);
}
