using static PacGen.Tests.CudaEmulator.CudaResult;

namespace PacGen.Tests.CudaEmulator;

/// <summary>Memory of the device that nothing has written, read by kernels and copies: the word <c>init</c>.</summary>
internal sealed unsafe class UnwrittenMemoryTests
{
    private const int Words = 64, Bytes = Words * sizeof(uint);
    private readonly EmulatedDriver driver = new(EmulatorSettings.Parse("emulated,init")!);
    private nint input, output;

    [OneTimeSetUp]
    public void Start() => driver.Initialize();

    [SetUp]
    public void Allocate()
    {
        driver.Call(_ => driver.CreateContext(), needsContext: false);
        (input, output) = (driver.Memory.Allocate(Bytes), driver.Memory.Allocate(Bytes));
    }

    [TearDown]
    public void Free()
    {
        driver.TakeFault();
        driver.Free(input, isDevice: true);
        driver.Free(output, isDevice: true);
    }

    [OneTimeTearDown]
    public void End() => driver.Dispose();

    /// <summary>All of the input but one byte is written, the second one of thread 37's word.</summary>
    [TestCase("ld.global.u32 %r2, [%rd3];")]
    [TestCase("ld.u32 %r2, [%rd3];", TestName = "a generic address")]
    [TestCase("ld.volatile.global.u32 %r2, [%rd3];")]
    [TestCase("ld.global.s8 %r2, [%rd3+1];")]
    [TestCase("atom.global.add.u32 %r2, [%rd3], 1;")]
    [TestCase("red.global.add.u32 [%rd3], 1;")]
    [TestCase("mov.u64 %rd6, shared; add.u64 %rd6, %rd6, %rd5; cp.async.ca.shared.global [%rd6], [%rd3], 4;")]
    public void AReadOfAByteThatNothingWroteIsFound(string text)
    {
        Fill(input, (37 * 4) + 1);
        Fill(input + (37 * 4) + 2, Bytes - (37 * 4) - 2);
        Assert.That(Launch(text), Is.EqualTo(CUDA_ERROR_ILLEGAL_ADDRESS));
        Assert.That(
            driver.TakeFault()!.Message,
            Does.StartWith($"program, block (0, 0, 0), thread (37, 0, 0), line {PtxProgram.FirstLine}, ")
                .And.Contains("that nothing has written, 149 bytes into allocation "));
        Fill(input + 149, 1);
        Assert.That(Launch(text), Is.EqualTo(CUDA_SUCCESS));
    }

    [TestCase("ld.global.u16 %r2, [%rd3];")]
    [TestCase("setp.ne.u32 %p1, %r1, 37; @%p1 ld.global.u32 %r2, [%rd3];")]
    public void WhatIsNotReadNeedsNoValue(string text)
    {
        Fill(input, (37 * 4) + 2);
        Fill(input + (38 * 4), Bytes - (38 * 4));
        Assert.That(Launch(text), Is.EqualTo(CUDA_SUCCESS));
    }

    [TestCase("st.global.u32 [%rd4], %r1;")]
    [TestCase("setp.lt.u32 %p1, %r1, 70; @%p1 st.global.u32 [%rd4], %r1;")]
    public void WhatAKernelWroteMayBeRead(string text)
    {
        Assert.That(ToHost(output), Is.EqualTo(CUDA_ERROR_LAUNCH_FAILED));
        Assert.That(driver.TakeFault()!.Message, Does.Contain("to the host reads what nothing has written, 0 bytes into"));
        Assert.That(Launch(text), Is.EqualTo(CUDA_SUCCESS));
        Assert.That(ToHost(output), Is.EqualTo(CUDA_SUCCESS));
    }

    [Test]
    public void ACopyWithinTheDeviceWritesWhatItsSourceHas()
    {
        Fill(input, Bytes - 4);
        driver.Copy(output, input, Bytes, driver.Streams.Default);
        Assert.That(ToHost(output), Is.EqualTo(CUDA_ERROR_LAUNCH_FAILED));
        Assert.That(driver.TakeFault()!.Message, Does.Contain($"{Bytes - 4} bytes into"));
        uint last = 1;
        driver.Copy(output + Bytes - 4, (nint)(&last), 4, driver.Streams.Default);
        Assert.That(ToHost(output), Is.EqualTo(CUDA_SUCCESS));
    }

    /// <summary>The host writes it unseen.</summary>
    [Test]
    public void PageLockedMemoryIsNotChecked()
    {
        nint host = driver.Memory.AllocateHost(Bytes);
        Assert.That(Launch("ld.global.u32 %r2, [%rd3];", host), Is.EqualTo(CUDA_SUCCESS));
        driver.Free(host, isDevice: false);
    }

    private void Fill(nint address, nint bytes) => driver.Fill(address, 0, bytes, driver.Streams.Default);

    private CudaResult ToHost(nint from)
    {
        uint* room = stackalloc uint[Words];
        nint to = (nint)room;
        return driver.Call(_ => driver.Copy(to, from, Bytes, driver.Streams.Default));
    }

    private CudaResult Launch(string text, nint? from = null) => driver.Call(_ =>
    {
        byte[] parameters = [.. BitConverter.GetBytes((long)(from ?? input)), .. BitConverter.GetBytes((long)output)];
        nint module = driver.LoadModule(PtxProgram.Text(text, ".shared .align 16 .b8 shared[256];"));
        driver.Launch(
            driver.Take<EmulatedFunction>(driver.Function(module, "program")), new Dim3(1), new Dim3(Words), 0, 0, parameters);
    });
}
