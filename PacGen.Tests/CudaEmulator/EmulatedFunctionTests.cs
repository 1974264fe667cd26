using System.Runtime.InteropServices;
using static PacGen.Tests.CudaEmulator.CudaResult;

namespace PacGen.Tests.CudaEmulator;

/// <summary>Modules and launches as the driver takes and refuses them.</summary>
internal sealed unsafe class EmulatedFunctionTests
{
    /// <summary>Each thread stores the value at its place.</summary>
    private const string Put =
        """
        .version 7.0
        .target sm_80
        .address_size 64
        .visible .entry put(.param .u64 to, .param .u32 value)
        {
            .reg .b64 %rd<4>;
            .reg .b32 %r<3>;
            .shared .align 16 .b8 own[1024];
            ld.param.u64 %rd1, [to];
            ld.param.u32 %r1, [value];
            mov.u32 %r2, %tid.x;
            mul.wide.u32 %rd2, %r2, 4;
            add.s64 %rd3, %rd1, %rd2;
            st.global.u32 [%rd3], %r1;
            ret;
        }
        """;

    private const int Own = 1024, Optional = 227 << 10;
    private readonly EmulatedDriver driver = new(new EmulatorSettings());
    private nint put;

    [OneTimeSetUp]
    public void Load()
    {
        driver.Initialize();
        driver.Call(_ => driver.CreateContext(), needsContext: false);
        driver.Call(_ => put = driver.Function(driver.LoadModule(Put), "put"));
    }

    [SetUp]
    public void UseContext() => driver.Call(_ => driver.CreateContext(), needsContext: false);

    [OneTimeTearDown]
    public void End() => driver.Dispose();

    [Test]
    public void AKernelRunsWithItsParameters()
    {
        nint memory = driver.Memory.Allocate(64 * sizeof(uint));
        Assert.That(Launch(64, 0, memory), Is.EqualTo(CUDA_SUCCESS));
        Assert.That(new ReadOnlySpan<uint>((void*)memory, 64).ToArray(), Is.All.EqualTo(7));
    }

    /// <summary>A kernel is loaded and its launch checked, but not run; nothing else is written either.</summary>
    [Test]
    public void AnIdleDeviceDoesNothing()
    {
        using EmulatedDriver idle = new(EmulatorSettings.Parse("emulated,idle")!);
        idle.Initialize();
        idle.Call(_ => idle.CreateContext(), needsContext: false);
        nint memory = idle.Memory.Allocate(64 * sizeof(uint)), function = 0;
        uint[] read = [.. Enumerable.Repeat(1u, 64)];
        fixed (uint* host = read)
        {
            nint bytes = 64 * sizeof(uint), values = (nint)host;
            Assert.That(idle.Call(_ => idle.Copy(memory, values, bytes, idle.Stream(0))), Is.EqualTo(CUDA_SUCCESS));
            Assert.That(idle.Call(_ => idle.Fill(memory, 1, bytes, idle.Stream(0))), Is.EqualTo(CUDA_SUCCESS));
            Assert.That(idle.Call(_ => function = idle.Function(idle.LoadModule(Put), "put")), Is.EqualTo(CUDA_SUCCESS));
            Assert.That(Launch(idle, function, 64, 0, memory), Is.EqualTo(CUDA_SUCCESS));
            Assert.That(Launch(idle, function, 64, Optional, memory), Is.EqualTo(CUDA_ERROR_INVALID_VALUE));
            Assert.That(idle.Call(_ => idle.Copy(values, memory, bytes, idle.Stream(0))), Is.EqualTo(CUDA_SUCCESS));
        }

        Assert.That(read, Is.All.EqualTo(0));
    }

    [Test]
    public void AStorePastAnEndIsAFault()
    {
        nint memory = driver.Memory.Allocate(63 * sizeof(uint));
        Assert.That(Launch(64, 0, memory), Is.EqualTo(CUDA_ERROR_ILLEGAL_ADDRESS));
        Assert.That(Launch(1, 0, memory), Is.EqualTo(CUDA_ERROR_ILLEGAL_ADDRESS), "the device has failed");
        Assert.That(
            driver.TakeFault()!.Message, Does.Contain("put, ").And.Contains("thread (63, 0, 0)").And.Contains("st.global.u32"));
        Assert.That(Launch(1, 0, memory), Is.EqualTo(CUDA_SUCCESS));
    }

    [TestCase(1, 0, CUDA_SUCCESS)]
    [TestCase(1024, (48 << 10) - Own, CUDA_SUCCESS)]
    [TestCase(0, 0, CUDA_ERROR_INVALID_VALUE)]
    [TestCase(1025, 0, CUDA_ERROR_INVALID_VALUE)]
    [TestCase(1, (48 << 10) - Own + 1, CUDA_ERROR_INVALID_VALUE)]
    public void ALaunchHasLimits(int threads, int shared, CudaResult result) =>
        Assert.That(Launch(threads, shared, driver.Memory.Allocate(4096)), Is.EqualTo(result));

    [Test]
    public void MoreSharedMemoryIsToBeAskedFor()
    {
        nint asking = 0, memory = driver.Memory.Allocate(4);
        driver.Call(_ => asking = driver.Function(driver.LoadModule(Put), "put"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Ask(Optional - Own + 1), Is.EqualTo(CUDA_ERROR_INVALID_VALUE));
            Assert.That(Ask(Optional - Own), Is.EqualTo(CUDA_SUCCESS));
            Assert.That(Launch(1, Optional - Own, memory, asking), Is.EqualTo(CUDA_SUCCESS));
        }

        CudaResult Ask(int bytes) => driver.Call(_ => driver.Take<EmulatedFunction>(asking).DynamicShared = bytes);
    }

    [Test]
    public void AnUnloadedModulesKernelIsGone()
    {
        nint module = 0, kernel = 0;
        driver.Call(_ => kernel = driver.Function(module = driver.LoadModule(Put), "put"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(driver.Call(_ => driver.Function(module, "get")), Is.EqualTo(CUDA_ERROR_NOT_FOUND));
            Assert.That(driver.Call(_ => driver.UnloadModule(module)), Is.EqualTo(CUDA_SUCCESS));
            Assert.That(driver.Call(_ => driver.Take<EmulatedFunction>(kernel)), Is.EqualTo(CUDA_ERROR_INVALID_HANDLE));
        }
    }

    [TestCase("sm_80", "sm_90", CUDA_SUCCESS)]
    [TestCase("sm_80", "sm_100", CUDA_ERROR_NO_BINARY_FOR_GPU)]
    [TestCase("st.global.u32", "st.nowhere.u32", CUDA_ERROR_INVALID_PTX)]
    public void AModuleThatTheDeviceCanNotRunIsRefused(string text, string other, CudaResult result)
    {
        Assert.That(driver.Call(_ => driver.LoadModule(Put.Replace(text, other))), Is.EqualTo(result));
        if (result == CUDA_ERROR_INVALID_PTX)
        {
            Assert.That(Marshal.PtrToStringUTF8(driver.Text(result)), Does.Contain("st.nowhere"));
        }
    }

    private CudaResult Launch(int threads, int shared, nint memory, nint kernel = 0) =>
        Launch(driver, kernel == 0 ? put : kernel, threads, shared, memory);

    private static CudaResult Launch(EmulatedDriver driver, nint kernel, int threads, int shared, nint memory) => driver.Call(_ =>
    {
        byte[] parameters = [.. BitConverter.GetBytes((long)memory), .. BitConverter.GetBytes(7)];
        driver.Launch(driver.Take<EmulatedFunction>(kernel), new Dim3(1), new Dim3(threads), shared, 0, parameters);
    });
}
