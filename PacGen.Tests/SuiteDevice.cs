using PacGen.Kernels;

namespace PacGen.Tests;

/// <summary>
/// Without another word the suite runs on the CPU, whatever GPU the machine has: what it expects to the bit are the CPU's
/// results. Tests that mean other devices open them by name. They compile their kernels, and keep none
/// unless <c>PACGEN_GPU_KERNELS</c> is 1.
/// </summary>
[SetUpFixture]
internal sealed class SuiteDevice
{
    private const string Kernels = "PACGEN_GPU_KERNELS";

    [OneTimeSetUp]
    public void MeanTheCpu()
    {
        if (string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(Device.EnvironmentVariable)))
        {
            Environment.SetEnvironmentVariable(Device.EnvironmentVariable, "cpu");
        }

        if (string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(Kernels)))
        {
            Environment.SetEnvironmentVariable(Kernels, "0");
        }
    }
}
