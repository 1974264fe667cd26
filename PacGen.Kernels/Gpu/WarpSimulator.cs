using ILGPU;
using ILGPU.Runtime.CPU;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.Gpu;

/// <summary>A simulator whose warps have 32 lanes, as NVIDIA's: for kernels of which a warp's threads compute together. It is slow even for a simulator.</summary>
internal static class WarpSimulator
{
    private static readonly Lazy<GpuDevice> Shared = new(() =>
    {
        Context context = Context.Create(builder =>
        {
            GpuArithmetic.Configure(builder);
            builder.CPU(new CPUDevice(MmaFragment.Lanes, 2, 1));
        });
        return new GpuDevice(context.GetCPUDevices()[0].CreateAccelerator(context), DeviceKind.Simulator, "GPU simulator of 32 lanes");
    });

    /// <summary>The simulator: one for the whole program, never disposed.</summary>
    public static GpuDevice Device => Shared.Value;
}
