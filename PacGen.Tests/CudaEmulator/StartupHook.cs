using System.Runtime.CompilerServices;
using PacGen.Tests.CudaEmulator;

/// <summary>
/// Gives a process the emulated CUDA device that <c>PACGEN_TEST_CUDA</c> asks for: that of the tests, and any .NET program's that
/// is started with this assembly as <c>DOTNET_STARTUP_HOOKS</c>.
/// </summary>
#pragma warning disable CA1050 // The runtime looks for it outside of namespaces.
internal static class StartupHook
#pragma warning restore CA1050
{
    /// <summary>
    /// Called by the runtime before a program's own start. A program's exit code is not 0 where its device has a fault that it
    /// did not come to see.
    /// </summary>
    public static void Initialize() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        if (EmulatedDriver.Loaded?.TakeFault() is not null && Environment.ExitCode == 0)
        {
            Environment.ExitCode = 1;
        }
    };

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
