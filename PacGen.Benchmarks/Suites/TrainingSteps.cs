using BenchmarkDotNet.Attributes;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>Whole training steps of MnistCnn with SGD.</summary>
public class TrainingSteps
{
    private Work work = null!;

    /// <summary>Images a step.</summary>
    [Params(16, 64, 128, 256, 1024)]
    public int Batch { get; set; }

    /// <summary>Compiles the step.</summary>
    [GlobalSetup]
    public void Setup() => work = Work.MnistCnnStep(Device.Cpu, Batch);

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void Cleanup() => work.Dispose();

    /// <summary>A step.</summary>
    [Benchmark]
    public void MnistCnn() => work.Run();
}
