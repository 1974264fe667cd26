using System.Runtime.CompilerServices;
using NUnit.Framework.Interfaces;
using PacGen.Tests.CudaEmulator;

[assembly: EmulatedDevice]

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// With <c>PACGEN_TEST_CUDA=emulated</c> the suite has a CUDA device, <c>cuda</c>, whose kernels run as PTX. A test in which one
/// of them does what a GPU, or a checker of it, would report fails with that report; the next test has a working device again.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class EmulatedDeviceAttribute : Attribute, ITestAction
{
    public ActionTargets Targets => ActionTargets.Test;

    public void BeforeTest(ITest test) => EmulatedDriver.Loaded?.TakeFault();

    public void AfterTest(ITest test)
    {
        if (EmulatedDriver.Loaded?.TakeFault() is { } fault)
        {
            Assert.Fail($"The emulated CUDA device found: {fault.Message}");
        }
    }

    /// <summary>Before anything else of the assembly: cases are listed by the devices that there are.</summary>
#pragma warning disable CA2255 // A test assembly is a program, not a library.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Load()
    {
        if (EmulatorSettings.OfProcess() is { } settings)
        {
            EmulatedDriver.Load(settings);
        }
    }
}
