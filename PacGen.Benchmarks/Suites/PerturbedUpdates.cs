using BenchmarkDotNet.Attributes;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>Algorithm 1's passes over all parameters, with Adam as OPT.</summary>
public class PerturbedUpdates
{
    private Work perturb = null!, truncatedGaussian = null!, update = null!;

    /// <summary>m: that of MnistCnn, and of a Wide ResNet of depth 58 and width 3.</summary>
    [Params(21_840, Work.WideResNetParameters)]
    public int Parameters { get; set; }

    /// <summary>Makes weights, gradients and moments.</summary>
    [GlobalSetup]
    public void Setup()
    {
        perturb = Work.PerturbedAdam(Device.Cpu, Parameters, perturb: true, update: false);
        truncatedGaussian = Work.PerturbedAdam(Device.Cpu, Parameters, perturb: true, update: false, truncatedGaussian: true);
        update = Work.PerturbedAdam(Device.Cpu, Parameters, perturb: false, update: true);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        perturb.Dispose();
        truncatedGaussian.Dispose();
        update.Dispose();
    }

    /// <summary>Lines 6 to 9: w + u, u uniform.</summary>
    [Benchmark]
    public void Perturb() => perturb.Run();

    /// <summary>The same, u a truncated Gaussian.</summary>
    [Benchmark]
    public void PerturbByTruncatedGaussian() => truncatedGaussian.Run();

    /// <summary>Lines 11 and 12: h and w.</summary>
    [Benchmark]
    public void AdamUpdate() => update.Run();
}
