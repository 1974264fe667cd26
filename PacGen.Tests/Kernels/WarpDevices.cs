using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>The devices whose warps have 32 lanes that exchange what they have: a simulator, and CUDA devices.</summary>
internal static class WarpDevices
{
    /// <summary>
    /// 0 where another process runs the same cases on the emulated CUDA device: the simulator's would take minutes more.
    /// </summary>
    private const string Variable = "PACGEN_TEST_WARPS";

    private const string Simulator = "simulator of warps";

    public static IEnumerable<string> Ids => new[] { Simulator }.Concat(Device.List().Where(
        one => one is { IsAvailable: true, Kind: DeviceKind.Cuda }).Select(one => one.Id));

    /// <summary>Whether it is the simulator's.</summary>
    public static bool IsSimulator(string id) => id == Simulator;

    /// <summary>Ignores the test where the simulator is left out.</summary>
    public static void LeaveOut(string id)
    {
        if (IsSimulator(id) && Environment.GetEnvironmentVariable(Variable)?.Trim() == "0")
        {
            Assert.Ignore($"{Variable} is 0: the emulated CUDA device runs it, in a process of its own.");
        }
    }
}
