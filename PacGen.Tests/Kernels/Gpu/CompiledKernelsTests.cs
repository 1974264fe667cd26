using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

internal sealed class CompiledKernelsTests
{
    private static readonly KernelSpecialization Threads = new(128, 2);

    private readonly Context context = Context.Create(GpuArithmetic.Configure);
    private string folder = "";

    [SetUp]
    public void MakeAFolder() => folder = Directory.CreateTempSubdirectory("pacgen-kernels-").FullName;

    [TearDown]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [OneTimeTearDown]
    public void Dispose() => context.Dispose();

    /// <summary>With shared memory of a size that the kernel says, and of one that its launch says.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public void WhatWasKeptIsFoundAsItWas(bool isDynamic)
    {
        EntryPointDescription entry = isDynamic
            ? EntryPointDescription.FromExplicitlyGroupedKernel(
                KernelInstance.StagedProducts.First(one => one.Name.Contains("256 × 64", StringComparison.Ordinal)).Method)
            : Entry(TransposeGpu.Kernel);
        CompiledKernel compiled = Compile(entry, Threads);
        Assert.That(Kept().Find(entry, Threads), Is.Null);
        Assert.That(Kept().Keep(entry, Threads, compiled));
        CompiledKernel found = Kept().Find(entry, Threads)!;
        Assert.That(CompiledKernels.TextOf(found), Is.EqualTo(CompiledKernels.TextOf(compiled)));
        EntryPoint before = PtxText.EntryPointOf(compiled), after = PtxText.EntryPointOf(found);
        Assert.That(after.SharedMemory, Is.EqualTo(before.SharedMemory));
        Assert.That(after.SharedMemory.HasDynamicMemory, Is.EqualTo(isDynamic));
        Assert.That(after.SharedMemory.HasStaticMemory, Is.Not.EqualTo(isDynamic));
        Assert.That(found.Name, Is.EqualTo(compiled.Name));
        Assert.That(found.SourceMethod, Is.EqualTo(compiled.SourceMethod));
        Assert.That(found.Specialization, Is.EqualTo(Threads));
        Assert.That(Files(), Has.Length.EqualTo(1));
    }

    [Test]
    public void AnotherKernelSpecializationOrGpuHasAFileOfItsOwn()
    {
        EntryPointDescription entry = Entry(TransposeGpu.Kernel), other = Entry(SplitSumGpu<One>.Kernel);
        Kept().Keep(entry, Threads, Compile(entry, Threads));
        Assert.That(Kept().Find(entry, KernelSpecialization.Empty), Is.Null);
        Assert.That(Kept().Find(other, Threads), Is.Null);
        Assert.That(new CompiledKernels(folder, Ptx(CudaArchitecture.SM_90)).Find(entry, Threads), Is.Null);
        Assert.That(
            new CompiledKernels(folder, Ptx(CudaArchitecture.SM_80, CudaInstructionSet.ISA_71)).Find(entry, Threads), Is.Null);
        Kept().Keep(other, Threads, Compile(other, Threads));
        Assert.That(Kept().Find(Entry(SplitSumGpu<Quad>.Kernel), Threads), Is.Null);
        Assert.That(Files(), Has.Length.EqualTo(2));

        // Under another's name it is no kernel of that name.
        File.Copy(Files()[0], Files()[1], overwrite: true);
        CompiledKernel?[] found = [Kept().Find(entry, Threads), Kept().Find(other, Threads)];
        Assert.That(found, Has.Exactly(1).Null);
    }

    /// <summary>What such a type reads, ILGPU may write into the kernel: a later process may read another number.</summary>
    [Test]
    public void AKernelWithATypeOfAnotherAssemblyIsNotKept()
    {
        EntryPointDescription entry = Entry(Own<Foreign>.Kernel);
        CompiledKernel compiled = Compile(entry, Threads);
        Assert.That(Kept().Keep(entry, Threads, compiled), Is.False);
        Assert.That(Kept().Find(entry, Threads), Is.Null);
        Assert.That(Files(), Is.Empty);
    }

    [Test]
    public void WhatIsDamagedIsCompiledAgain()
    {
        EntryPointDescription entry = Entry(TransposeGpu.Kernel);
        CompiledKernel compiled = Compile(entry, Threads);
        Kept().Keep(entry, Threads, compiled);
        string path = Files().Single();
        byte[] whole = File.ReadAllBytes(path);
        foreach (int count in (int[])[0, 10, 32, whole.Length / 2, whole.Length - 1])
        {
            File.WriteAllBytes(path, whole[..count]);
            Assert.That(Kept().Find(entry, Threads), Is.Null, $"{count} bytes");
        }

        byte[] damaged = [.. whole];
        damaged[^20] ^= 1;
        File.WriteAllBytes(path, damaged);
        Assert.That(Kept().Find(entry, Threads), Is.Null);
        Kept().Keep(entry, Threads, compiled);
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(whole));
    }

    [Test]
    public void WhatNobodyReadForAMonthIsDeleted()
    {
        EntryPointDescription entry = Entry(TransposeGpu.Kernel), other = Entry(SplitSumGpu<One>.Kernel);
        Kept().Keep(entry, Threads, Compile(entry, Threads));
        string path = Files().Single();
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-29));
        Assert.That(Kept().Find(entry, Threads), Is.Not.Null);
        Assert.That(File.GetLastWriteTimeUtc(path), Is.EqualTo(DateTime.UtcNow).Within(TimeSpan.FromHours(1)));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-31));
        Kept().Keep(other, Threads, Compile(other, Threads));
        Assert.That(path, Does.Not.Exist);
        Assert.That(Kept().Find(other, Threads), Is.Not.Null);
    }

    [Test]
    public void NothingFailsWhereNoFolderCanBeMade()
    {
        string file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");
        EntryPointDescription entry = Entry(TransposeGpu.Kernel);
        CompiledKernels kept = new(Path.Combine(file, "kernels"), Ptx(CudaArchitecture.SM_80));
        Assert.That(kept.Keep(entry, Threads, Compile(entry, Threads)), Is.False);
        Assert.That(kept.Find(entry, Threads), Is.Null);
    }

    [TestCaseSource(typeof(DeviceFixture), nameof(DeviceFixture.GpuIds))]
    public void AKernelThatIsFoundComputesTheSame(string id)
    {
        GpuDevice device = (GpuDevice)PacGen.Kernels.Device.Open(id);
        if (CompiledKernels.In(folder, device.Accelerator) is null)
        {
            Assert.Ignore("The simulator's kernels are .NET code.");
        }

        float[] values = [.. Enumerable.Range(0, 35 * 40).Select(i => (float)i)];
        float[] compiled = Transposed(1), found = Transposed(0);
        Assert.That(compiled[..3], Is.EqualTo((float[])[0, 40, 80]));
        Assert.That(found, Is.EqualTo(compiled));

        float[] Transposed(int compiles)
        {
            KernelLoader loader = new(device.Accelerator, CompiledKernels.In(folder, device.Accelerator));
            var kernel = loader.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int>(TransposeGpu.Kernel);
            Assert.That(loader.Compiled, Is.EqualTo(compiles));
            using DeviceBuffer x = device.Allocate(values.Length), y = device.Allocate(values.Length);
            x.Write(0, values);
            kernel(new KernelConfig(2, 256), GpuDevice.View(new Region(x)), GpuDevice.View(new Region(y)), 35, 40);
            float[] transposed = new Region(y).ToArray();
            GC.KeepAlive(kernel);
            return transposed;
        }
    }

    private static EntryPointDescription Entry(Delegate kernel) =>
        EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method);

    /// <summary>Each as a process of its own has it.</summary>
    private CompiledKernels Kept() => new(folder, Ptx(CudaArchitecture.SM_80));

    private PTXBackend Ptx(CudaArchitecture architecture, CudaInstructionSet? instructions = null) => new(
        context, new CudaCapabilityContext(architecture), architecture, instructions ?? CudaInstructionSet.ISA_70, null);

    private CompiledKernel Compile(EntryPointDescription entry, KernelSpecialization specialization) =>
        Ptx(CudaArchitecture.SM_80).Compile(entry, specialization);

    private string[] Files() => Directory.GetFiles(folder);

    private static class Own<T>
        where T : struct
    {
        public static void Kernel(ArrayView<float> values, T _) => values[Grid.IdxX] = 1f;
    }

    private readonly struct Foreign;
}
