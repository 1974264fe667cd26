using System.Diagnostics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>The emulated device in a process of its own: <see cref="StartupHook"/>.</summary>
internal sealed class StartupHookTests
{
    [TestCase(nameof(Work), 0, "")]
    [TestCase(nameof(Fail), 1, "Emulated CUDA device: nobody sees this")]
    public void AProgramEndsByWhatItsDeviceFound(string method, int code, string error)
    {
        string assembly = typeof(StartupHookTests).Assembly.Location;
        if (!OperatingSystem.IsLinux() || typeof(StartupHookTests).Assembly.EntryPoint?.DeclaringType?.Name != "LimitedProgram")
        {
            Assert.Ignore("It takes Linux, and the tests as an ordinary build makes them.");
        }

        using Process process = Process.Start(
            new ProcessStartInfo("dotnet", [assembly, typeof(StartupHookTests).FullName!, method])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["DOTNET_STARTUP_HOOKS"] = assembly, [EmulatorSettings.Variable] = "emulated" },
            })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That((process.ExitCode, errors.Trim()), Is.EqualTo((code, error)));
    }

    private static void Work(string[] arguments) => EmulatedDriver.Loaded!.Initialize();

    private static void Fail(string[] arguments)
    {
        Work(arguments);
        EmulatedDriver.Loaded!.Call(_ => throw new EmulatedFault("nobody sees this"), needsContext: false);
    }
}
