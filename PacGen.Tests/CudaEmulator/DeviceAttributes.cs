namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// What a device of a compute capability says of itself (CUdevice_attribute): an H100's or an A100's numbers.
/// </summary>
/// <param name="major">8 or 9: compute capability 8.0 or 9.0.</param>
internal sealed class DeviceAttributes(int major)
{
    public const int Warp = 32, ThreadsOfBlock = 1024, SharedOfEveryBlock = 48 << 10, RegistersOfBlock = 65536;

    private readonly Dictionary<int, int> values = new()
    {
        // A block's and a grid's extents.
        [1] = ThreadsOfBlock, [2] = ThreadsOfBlock, [3] = ThreadsOfBlock, [4] = 64, [5] = int.MaxValue, [6] = 65535, [7] = 65535,
        [8] = SharedOfEveryBlock, [9] = 65536, [10] = Warp, [11] = int.MaxValue, [12] = RegistersOfBlock,

        // Clock, in kHz; texture alignment; copies beside kernels; multiprocessors.
        [13] = major == 9 ? 1_980_000 : 1_410_000, [14] = 512, [15] = 1, [16] = major == 9 ? 132 : 108, [17] = 0, [18] = 0,

        // Maps the host's memory; compute mode; kernels beside each other; error correction; its place on the bus.
        [19] = 1, [20] = 0, [30] = 512, [31] = 1, [32] = 1, [33] = 1, [34] = 0, [35] = 0, [50] = 0,

        // Memory: clock in kHz, bits of the bus, bytes of the L2 cache.
        [36] = major == 9 ? 2_619_000 : 1_215_000, [37] = 5120, [38] = major == 9 ? 50 << 20 : 40 << 20,
        [39] = 2048, [40] = 3, [41] = 1, [75] = major, [76] = 0, [78] = 1, [79] = 1, [80] = 1,
        [81] = major == 9 ? 228 << 10 : 164 << 10, [82] = RegistersOfBlock, [83] = 1, [84] = 0, [85] = 0, [86] = 0, [87] = 2,
        [88] = 0, [89] = 1, [90] = 1, [91] = 1, [97] = major == 9 ? 227 << 10 : 163 << 10, [111] = 1 << 10,
    };

    public int Major => major;

    public int Multiprocessors => values[16];

    public int ThreadsOfMultiprocessor => values[39];

    public int SharedOfMultiprocessor => values[81];

    /// <summary>The most shared memory of a block whose kernel asks for more than all may have.</summary>
    public int SharedOfBlock => values[97];

    /// <summary>What the system takes of a multiprocessor's shared memory for each block.</summary>
    public int SharedReserved => values[111];

    /// <exception cref="CudaRefusal">There is no attribute of that number, or the emulator doesn't know it.</exception>
    public int this[int attribute] => values.TryGetValue(attribute, out int value) ? value
        : throw new CudaRefusal(
            CudaResult.CUDA_ERROR_INVALID_VALUE, $"the emulator has no value of device attribute {attribute}");
}
