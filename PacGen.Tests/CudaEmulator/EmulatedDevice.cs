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

    public void BeforeTest(ITest test) => Check(isBefore: true);

    public void AfterTest(ITest test) => Check(isBefore: false);

    /// <summary>What a test is to fail with; null where the device has no fault.</summary>
    /// <param name="driver">The device's.</param>
    /// <param name="isBefore">Whether the test has not begun.</param>
    internal static string? Report(EmulatedDriver? driver, bool isBefore) => driver?.TakeFault() is { } fault
        ? $"The emulated CUDA device found{(isBefore ? ", left by what ran before" : "")}: {fault.Message}" : null;

    private static void Check(bool isBefore)
    {
        if (Report(EmulatedDriver.Loaded, isBefore) is { } report)
        {
            Assert.Fail(report);
        }
    }
}
