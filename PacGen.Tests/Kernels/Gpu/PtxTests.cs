using System.Reflection;
using System.Text.RegularExpressions;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Gpu;
using PacGen.Kernels.Map;
using PacGen.Kernels.Map.Functions;
using PacGen.Kernels.PerParameter;

namespace PacGen.Tests.Kernels.Gpu;

/// <summary>The kernels compile for NVIDIA GPUs to the instructions that make their bits the CPU's.</summary>
internal sealed partial class PtxTests
{
    private static readonly TestCaseData[] Kernels =
    [
        new TestCaseData(((Delegate)MapGpu<Apply<Multiply, Apply<Sigmoid, Apply<Add, Argument0, Argument1>>, Apply<Log, Argument2>>>.Quads).Method) { TestName = "A map along one axis" },
        new TestCaseData(((Delegate)MapGpu<Apply<Divide, Apply<Tanh, Apply<Add, Argument0, Argument7>>, Apply<Sqrt, Argument5>>>.Strided).Method) { TestName = "A map along several axes" },
        new TestCaseData(((Delegate)PerturbGpu<UniformNoise>.Kernel).Method) { TestName = "The perturbation" },
        new TestCaseData(((Delegate)PerturbGpu<TruncatedGaussianNoise>.Kernel).Method) { TestName = "The truncated Gaussian perturbation" },
        new TestCaseData(((Delegate)NoiseGpu<TruncatedGaussianNoise, OwnLevels>.Kernel).Method) { TestName = "Truncated Gaussian noise" },
        new TestCaseData(((Delegate)NoiseGpu<GaussianNoise, OneLevel>.Kernel).Method) { TestName = "Gaussian noise" },
        new TestCaseData(((Delegate)UpdateGpu<SgdRule, WithSecondMoment>.Kernel).Method) { TestName = "SGD's update" },
        new TestCaseData(((Delegate)UpdateGpu<AdamRule, WithoutSecondMoment>.Kernel).Method) { TestName = "Adam's update" },
        new TestCaseData(((Delegate)ReduceGpu<PsiTerms, PsiSettings>.Kernel).Method) { TestName = "The score" },
        new TestCaseData(((Delegate)ReduceGpu<CurvatureChangeTerms, PerturbSettings>.Kernel).Method) { TestName = "The curvature's change" },
        new TestCaseData(((Delegate)ReduceGpu<UniformBoundTerms, UniformBoundSettings>.Kernel).Method) { TestName = "Lemma 6's sums" },
        new TestCaseData(((Delegate)ReduceGpu<GaussianBoundTerms, GaussianBoundSettings>.Kernel).Method) { TestName = "Lemma 8's sums" },
    ];

    [TestCaseSource(nameof(Kernels))]
    public void RoundsCorrectlyAndSpillsNothing(MethodInfo kernel)
    {
        string ptx = PtxListing.Of(kernel);
        string body = ptx[ptx.IndexOf(".entry", StringComparison.Ordinal)..];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(body, Does.Contain("fma.rn.f32"));
            if (kernel.Name != "Strided")
            {
                Assert.That(body, Does.Contain("ld.global.v4.f32"), "16-byte loads");
                Assert.That(body, kernel.DeclaringType!.GetGenericTypeDefinition() == typeof(ReduceGpu<,>) ? Does.Contain("st.global.f32") : Does.Contain("st.global.v4.f32"));
            }

            Assert.That(body, Does.Not.Contain(".local"));
            Assert.That(body, Does.Not.Contain("call"));
            Assert.That(body, Does.Not.Contain(".approx").And.Not.Contain(".ftz"));
            Assert.That(Unrounded().Matches(body), Is.Empty, "arithmetic that the assembler may fuse");
        }
    }

    [GeneratedRegex(@"\b(add|sub|mul|div|sqrt|mad)\.f32")]
    private static partial Regex Unrounded();
}
