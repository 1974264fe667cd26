using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

internal sealed partial class PtxTextTests
{
    /// <summary>
    /// ILGPU promises that threads don't part where they compare numbers of their own, and says too little of where shared memory
    /// begins; what a driver is given does neither, and is the same otherwise.
    /// </summary>
    [Test]
    public void WhatIlgpuGetsWrongIsPutRight()
    {
        using Context context = Context.Create(GpuArithmetic.Configure);
        PTXBackend backend = new(
            context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null);
        CompiledKernel compiled = backend.Compile(
            EntryPointDescription.FromExplicitlyGroupedKernel(
                KernelInstance.StagedProducts.First(one => one.Name.Contains("256 × 64", StringComparison.Ordinal)).Method),
            KernelSpecialization.Empty);
        CompiledKernel mended = PtxText.Mended(context, compiled);
        string before = CompiledKernels.TextOf(compiled), after = CompiledKernels.TextOf(mended);
        Assert.That(Promise().Matches(before), Is.Not.Empty);
        Assert.That(Promise().Matches(after), Is.Empty);
        Assert.That(before, Does.Contain(".extern .shared .align 4 "));
        Assert.That(after, Does.Contain(".extern .shared .align 16 "));
        Assert.That(
            after.Split('\n').Zip(before.Split('\n')).Count(pair => pair.First != pair.Second),
            Is.EqualTo(Promise().Count(before) + 1));
        Assert.That(
            (mended.Name, mended.SourceMethod, mended.Specialization),
            Is.EqualTo((compiled.Name, compiled.SourceMethod, compiled.Specialization)));
        Assert.That(PtxText.EntryPointOf(mended), Is.SameAs(PtxText.EntryPointOf(compiled)));
    }

    [TestCase("\t@!%p7 bra.uni\tL_3;", "\t@!%p7 bra\tL_3;")]
    [TestCase("\tbra.uni\tL_3;", null)]
    [TestCase("\t.shared .align 4 .b8 __shared_alloca0[49152];", "\t.shared .align 16 .b8 __shared_alloca0[49152];")]
    [TestCase("\t.shared .align 8 .b8 a[16];", "\t.shared .align 16 .b8 a[16];")]
    [TestCase("\t.shared .align 4 .b8 a[12];", null)]
    [TestCase("\t.shared .align 32 .b8 a[64];", null)]
    [TestCase("\t.local .align 4 .b8 a[64];", null)]
    public void Lines(string before, string? after) => Assert.That(PtxText.Mended(before), Is.EqualTo(after ?? before));

    [GeneratedRegex(@"@!?%p\d+\s+bra\.uni")]
    private static partial Regex Promise();
}
