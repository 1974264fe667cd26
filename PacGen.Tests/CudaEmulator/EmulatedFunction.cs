namespace PacGen.Tests.CudaEmulator;

/// <summary>A kernel as the driver has it: what it may be launched with.</summary>
internal sealed class EmulatedFunction(PtxKernel kernel, DeviceAttributes device)
{
    private int dynamicShared = DeviceAttributes.SharedOfEveryBlock - kernel.StaticSharedBytes;

    public PtxKernel Kernel => kernel;

    /// <summary>The most shared memory that a launch may ask for beside what the kernel has itself.</summary>
    /// <exception cref="CudaRefusal">A block can't have so much.</exception>
    public int DynamicShared
    {
        get => dynamicShared;
        set => dynamicShared = value >= 0 && value + kernel.StaticSharedBytes <= device.SharedOfBlock ? value
            : throw Invalid($"{value} bytes of shared memory beside {kernel.StaticSharedBytes} of its own are more than the " +
                $"{device.SharedOfBlock} that a block may have");
    }

    /// <exception cref="CudaRefusal">The device can't run such a grid.</exception>
    public void CheckLaunch(Dim3 grid, Dim3 block, int shared)
    {
        if (grid.X < 1 || grid.Y < 1 || grid.Z < 1 || grid.Y > device[6] || grid.Z > device[7])
        {
            throw Invalid($"a grid of {grid}");
        }

        int most = kernel.MaxThreads > 0 ? Math.Min(kernel.MaxThreads, device[1]) : device[1];
        if (block.X < 1 || block.Y < 1 || block.Z < 1 || block.X > device[2] || block.Y > device[3] || block.Z > device[4]
            || block.Count > most)
        {
            throw Invalid($"a block of {block} threads, where there may be {most}");
        }

        if (shared < 0 || shared > dynamicShared)
        {
            throw Invalid($"{shared} bytes of shared memory beside {kernel.StaticSharedBytes} of its own, where it may ask for " +
                $"{dynamicShared}");
        }
    }

    /// <summary>How many blocks a multiprocessor holds at a time.</summary>
    public int ActiveBlocks(int threads, long shared)
    {
        if (threads < 1 || threads > device[1])
        {
            throw Invalid($"a block of {threads} threads");
        }

        int warps = (threads + DeviceAttributes.Warp - 1) / DeviceAttributes.Warp;
        long byThreads = device.ThreadsOfMultiprocessor / (warps * DeviceAttributes.Warp);
        long byRegisters = DeviceAttributes.RegistersOfBlock
            / Math.Max(1, Math.Max(1, kernel.Registers) * warps * DeviceAttributes.Warp);
        long byShared = device.SharedOfMultiprocessor / (shared + kernel.StaticSharedBytes + device.SharedReserved);
        return (int)Math.Min(32, Math.Min(byThreads, Math.Min(byRegisters, byShared)));
    }

    private CudaRefusal Invalid(string what) => new(CudaResult.CUDA_ERROR_INVALID_VALUE, $"{kernel.Name}: {what}");
}
