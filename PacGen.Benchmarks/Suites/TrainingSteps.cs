using BenchmarkDotNet.Attributes;

namespace PacGen.Benchmarks.Suites;

/// <summary>Whole training steps of MnistCnn with SGD.</summary>
public class TrainingSteps : Suite
{
    /// <summary>Images a step.</summary>
    [Params(16, 64, 128, 256, 1024)]
    public int Batch { get; set; }

    private protected override Work Work => StepWork.MnistCnn(Batch);
}
