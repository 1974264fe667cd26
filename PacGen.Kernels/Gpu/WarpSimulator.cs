using ILGPU;
using ILGPU.Runtime.CPU;

namespace PacGen.Kernels;

/// <summary>
/// A simulator whose warps have 32 lanes, as NVIDIA's: for kernels of which a warp's threads compute together. It is slow even
/// for a simulator.
/// </summary>
internal static class WarpSimulator
{
    private static readonly Lazy<GpuDevice> Shared = new(() => Create(2));

    /// <summary>A simulator with groups of two warps: one for the whole program, never disposed.</summary>
    public static GpuDevice Device => Shared.Value;

    /// <summary>
    /// A simulator with groups of so many warps, a power of two; or what only lists the kernels that would run on it.
    /// </summary>
    public static GpuDevice Create(int warps, bool onlyListsKernels = false)
    {
        Context context = Context.Create(builder =>
        {
            GpuArithmetic.Configure(builder);
            builder.CPU(new CPUDevice(MmaFragment.Lanes, warps, 1));
        });
        return new GpuDevice(
            context.GetCPUDevices()[0].CreateAccelerator(context), DeviceKind.Simulator, "GPU simulator of 32 lanes")
        {
            OnlyListsKernels = onlyListsKernels,
        };
    }
}
