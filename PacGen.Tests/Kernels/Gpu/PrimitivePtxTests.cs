using System.Reflection;
using System.Text.RegularExpressions;
using PacGen.Kernels;
using PacGen.Kernels.Gpu;

namespace PacGen.Tests.Kernels.Gpu;

/// <summary>The primitives' kernels compile for NVIDIA GPUs, keep everything in registers, round correctly and load 16 bytes at once where they take fours.</summary>
internal sealed partial class PrimitivePtxTests
{
    private static readonly TestCaseData[] Kernels =
    [
        Case("A sum", ReduceGpu<Addition, One>.Kernel, false),
        Case("A sum in fours", ReduceGpu<Addition, Four>.Kernel, true),
        Case("A maximum in fours", ReduceGpu<Maximum, Four>.Kernel, true),
        Case("Softmax", SoftmaxGpu<Probabilities>.Kernel, false),
        Case("Softmax cross-entropy", SoftmaxGpu<Losses>.Kernel, false),
        Case("Softmax cross-entropy's gradient", SoftmaxGpu<LossGradients>.Kernel, false),
        Case("Average pooling", AveragePoolGpu<One>.Pool, false),
        Case("Average pooling in fours", AveragePoolGpu<Four>.Pool, true),
        Case("Average pooling's gradient in fours", AveragePoolGpu<Four>.Gradient, true),
        Case("Max pooling", PoolSelectGpu<One>.Kernel, false),
        Case("Max pooling in fours", PoolSelectGpu<Four>.Kernel, true),
        Case("Max pooling's gradient in fours", PoolScatterGpu<Four>.Put, true),
        Case("Overlapping max pooling's gradient in fours", PoolScatterGpu<Four>.Gather, true),
        Case("Gather", GatherColumnGpu.Kernel, false),
        Case("Scatter", ScatterColumnGpu<One>.Kernel, false),
        Case("Random numbers", RandomUniformGpu.Kernel, false, stores: true),
        Case("Transpose", TransposeGpu.Kernel, false),
        Case("Scatter in fours", ScatterColumnGpu<Four>.Kernel, false, stores: true),
    ];

    [TestCaseSource(nameof(Kernels))]
    public void StaysInRegistersAndMovesSixteenBytes(MethodInfo kernel, bool loads, bool stores)
    {
        string ptx = PtxListing.Of(kernel);
        string body = ptx[ptx.IndexOf(".entry", StringComparison.Ordinal)..];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(body, Does.Not.Contain(".local"));
            Assert.That(body, Does.Not.Contain("call"));
            Assert.That(body, Does.Not.Contain(".approx").And.Not.Contain(".ftz"));
            Assert.That(Unrounded().Matches(body), Is.Empty, "arithmetic that the assembler may fuse");
            Assert.That(body.Contains("ld.global.v4", StringComparison.Ordinal), Is.EqualTo(loads), "16-byte loads");
            Assert.That(body.Contains("st.global.v4", StringComparison.Ordinal), Is.EqualTo(stores), "16-byte stores");
        }
    }

    private static TestCaseData Case(string name, Delegate kernel, bool loads, bool? stores = null) =>
        new TestCaseData(kernel.Method, loads, stores ?? loads) { TestName = name };

    [GeneratedRegex(@"\b(add|sub|mul|div|sqrt|mad)\.f32")]
    private static partial Regex Unrounded();
}
