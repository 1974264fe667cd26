using System.Reflection;
using System.Runtime.InteropServices;
using static PacGen.Tests.CudaEmulator.CudaResult;

namespace PacGen.Tests.CudaEmulator;

internal sealed unsafe class EmulatedDriverTests
{
    private readonly EmulatedDriver driver = new(new EmulatorSettings());

    [SetUp]
    public void Start()
    {
        driver.Initialize();
        driver.Call(_ => driver.CreateContext(), needsContext: false);
    }

    [OneTimeTearDown]
    public void End() => driver.Dispose();

    /// <summary>A function that the library lacks would be met at its first call only.</summary>
    [Test]
    public void ThereIsEveryFunctionThatIlgpuBinds()
    {
        IEnumerable<string> bound = Assembly.Load("ILGPU").GetTypes()
            .SelectMany(type => type.GetMethods(
                BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<DllImportAttribute>())
            .OfType<DllImportAttribute>().Where(import => import.Value == "cuda").Select(import => import.EntryPoint!);
        Assert.That(bound.Distinct(), Is.Not.Empty.And.SubsetOf(DriverFunctions.All().Keys));
    }

    [Test]
    public void WrongUseGivesTheDriversCodes()
    {
        byte* host = stackalloc byte[16];
        nint memory = driver.Memory.Allocate(16), freed = driver.Memory.Allocate(16), stream = driver.CreateStream(1);
        driver.Free(freed, isDevice: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Call(() => driver.Copy(memory, (nint)host, 17, driver.Stream(0))), Is.EqualTo(CUDA_ERROR_INVALID_VALUE));
            Assert.That(Call(() => driver.Copy(freed, (nint)host, 16, driver.Stream(0))), Is.EqualTo(CUDA_ERROR_INVALID_VALUE));
            Assert.That(Marshal.PtrToStringUTF8(driver.Text(CUDA_ERROR_INVALID_VALUE)), Does.Contain("which was freed"));
            Assert.That(Call(() => driver.Free(freed, isDevice: true)), Is.EqualTo(CUDA_ERROR_INVALID_VALUE));
            Assert.That(Call(() => driver.Fill((nint)host, 0, 16, driver.Stream(0))), Is.EqualTo(CUDA_ERROR_INVALID_VALUE));
            Assert.That(Call(() => driver.Stream(memory)), Is.EqualTo(CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Call(() => driver.Forget<EmulatedStream>(stream)), Is.EqualTo(CUDA_SUCCESS));
            Assert.That(Call(() => driver.Stream(stream)), Is.EqualTo(CUDA_ERROR_INVALID_HANDLE));
            Assert.That(Call(() => driver.Memory.Allocate(1L << 40)), Is.EqualTo(CUDA_ERROR_OUT_OF_MEMORY));
            Assert.That(Call(() => _ = driver.Attributes[9999]), Is.EqualTo(CUDA_ERROR_INVALID_VALUE));
            Assert.That(driver.Call(_ => driver.SetContext(8), needsContext: false), Is.EqualTo(CUDA_ERROR_INVALID_CONTEXT));
            Assert.That(driver.Call(_ => driver.SetContext(0), needsContext: false), Is.EqualTo(CUDA_SUCCESS));
            Assert.That(Call(() => { }), Is.EqualTo(CUDA_ERROR_INVALID_CONTEXT));
            Assert.That(new EmulatedDriver(new()).Call(_ => { }), Is.EqualTo(CUDA_ERROR_NOT_INITIALIZED));
        }
    }

    [Test]
    public void AFaultStaysUntilItIsTaken()
    {
        EmulatedFault fault = new("kernel", "reads past an end", new(1), new(2), 3, "ld.global.f32", 4);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Call(() => throw fault), Is.EqualTo(CUDA_ERROR_ILLEGAL_ADDRESS));
            Assert.That(Call(() => { }), Is.EqualTo(CUDA_ERROR_ILLEGAL_ADDRESS));
            Assert.That(
                Marshal.PtrToStringUTF8(driver.Text(CUDA_ERROR_ILLEGAL_ADDRESS)),
                Does.StartWith("illegal address: kernel, block (1, 1, 1)").And.Contains(
                    "line 3, ld.global.f32: reads past an end"));
            Assert.That(driver.TakeFault(), Is.SameAs(fault));
            Assert.That(driver.TakeFault(), Is.Null);
            Assert.That(Call(() => { }), Is.EqualTo(CUDA_SUCCESS));
        }
    }

    /// <summary>Pageable memory is read before the call returns, page-locked memory when the stream comes to it.</summary>
    [Test]
    public void ALazyCopyReadsPageLockedMemoryLate()
    {
        using EmulatedDriver lazy = new(new EmulatorSettings(LazySeed: 1));
        int pageable = 1;
        nint locked = lazy.Memory.AllocateHost(4), a = lazy.Memory.Allocate(4), b = lazy.Memory.Allocate(4);
        *(int*)locked = 1;
        EmulatedStream stream = lazy.Streams.Create(isBlocking: false);
        lazy.Copy(a, (nint)(&pageable), 4, stream);
        lazy.Copy(b, locked, 4, stream);
        pageable = 2;
        *(int*)locked = 2;
        int gotA = 0, gotB = 0;
        lazy.Copy((nint)(&gotA), a, 4, stream);
        lazy.Copy((nint)(&gotB), b, 4, stream);
        Assert.That((gotA, gotB), Is.EqualTo((1, 2)));
    }

    [Test]
    public void MemoryThatWasFreedUnderARecordedCopyIsAFault()
    {
        nint from = driver.Memory.Allocate(8), to = driver.Memory.Allocate(8);
        EmulatedStream stream = driver.Streams.Create(isBlocking: false);
        driver.Streams.BeginCapture(stream);
        driver.Copy(to, from, 8, stream);
        EmulatedGraph graph = driver.Streams.EndCapture(stream);
        driver.Free(from, isDevice: true);
        Assert.That(Call(() => driver.Streams.Launch(graph, stream)), Is.EqualTo(CUDA_ERROR_LAUNCH_FAILED));
        Assert.That(driver.TakeFault()!.Message, Does.Contain("the source of a copy").And.Contains("which was freed"));
    }

    [TestCase("emulated", 9, null)]
    [TestCase("emulated,8.0", 8, null)]
    [TestCase("emulated, 9.0, lazy=5", 9, 5)]
    public void SettingsAreWords(string text, int major, int? lazy) =>
        Assert.That(EmulatorSettings.Parse(text), Is.EqualTo(new EmulatorSettings(major, lazy)));

    [Test]
    public void OtherSettingsAreRefused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(EmulatorSettings.Parse(" "), Is.Null);
            Assert.That(() => EmulatorSettings.Parse("real"), Throws.TypeOf<FormatException>());
            Assert.That(() => EmulatorSettings.Parse("emulated,7.0"), Throws.TypeOf<FormatException>());
        }
    }

    private CudaResult Call(Action what) => driver.Call(_ => what());
}
