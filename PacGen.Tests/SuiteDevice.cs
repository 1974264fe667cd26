using PacGen.Kernels;

namespace PacGen.Tests;

/// <summary>
/// Without another word the suite runs on the CPU, whatever GPU the machine has: what it expects to the bit are the CPU's
/// results. Tests that mean other devices open them by name. Nothing is written to the user's cache folder.
/// </summary>
[SetUpFixture]
internal sealed class SuiteDevice
{
    [OneTimeSetUp]
    public void MeanTheCpu()
    {
        if (string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(Device.EnvironmentVariable)))
        {
            Environment.SetEnvironmentVariable(Device.EnvironmentVariable, "cpu");
        }

        Environment.SetEnvironmentVariable("PACGEN_GPU_KERNELS", "0");
    }
}
