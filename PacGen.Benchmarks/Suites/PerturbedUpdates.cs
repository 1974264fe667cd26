using BenchmarkDotNet.Attributes;
using PacGen.Core.Perturbation;

namespace PacGen.Benchmarks.Suites;

/// <summary>Algorithm 1's passes over all parameters, with Adam as OPT.</summary>
public class PerturbedUpdates : Suite
{
    private const string Perturb = "perturb", TruncatedGaussian = "truncated Gaussian", Update = "Adam update";

    /// <summary>m: that of MnistCnn, and of a Wide ResNet of depth 58 and width 3.</summary>
    [Params(21_840, ParameterWork.WideResNet)]
    public int Parameters { get; set; }

    /// <summary>Lines 6 to 9, u being uniform or a truncated Gaussian, or lines 11 and 12.</summary>
    [Params(Perturb, TruncatedGaussian, Update)]
    public string Pass { get; set; } = Perturb;

    private protected override Work Work => Pass switch
    {
        Perturb => ParameterWork.Perturb<UniformNoise>(Parameters),
        TruncatedGaussian => ParameterWork.Perturb<TruncatedGaussianNoise>(Parameters),
        _ => ParameterWork.Update(Parameters),
    };
}
