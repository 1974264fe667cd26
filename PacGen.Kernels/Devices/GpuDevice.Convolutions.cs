using System.Globalization;

namespace PacGen.Kernels;

public sealed partial class GpuDevice
{
    private readonly Lock exclusive = new();
    private readonly List<DeviceBuffer> shared = [];

    /// <summary>
    /// How convolutions of 3 × 3 taps and stride 1, and their gradients, are computed in single precision. To be set before
    /// graphs are compiled: what is bound keeps what it was bound with. <see cref="ConvolutionMode.Direct"/> is the default.
    /// </summary>
    /// <remarks>
    /// Winograd's convolution needs input channels that are a multiple of 16 and output channels of 4, the gradient by the images
    /// the other way round; others are direct, as are those in TF32 and bf16.
    /// </remarks>
    public ConvolutionMode Convolutions { get; set; } = ConvolutionMode.Direct;

    /// <summary>
    /// The most floats of transformed images and sums that a convolution by Winograd has in memory at a time, but for one image:
    /// 128 MiB, or what <c>PACGEN_GPU_WINOGRAD_MB</c> says.
    /// </summary>
    internal long WinogradFloats { get; set; } = Mebibytes("PACGEN_GPU_WINOGRAD_MB", 128) * ((1 << 20) / sizeof(float));

    /// <summary>
    /// Takes the memory that the operations which are to be bound will share
    /// (<see cref="Operation.SharedBytes(GpuDevice, ReadOnlySpan{Shape})"/>), if there isn't as much yet. Without it each that
    /// needs more than those before takes memory of its own, for what was bound stays where it is.
    /// </summary>
    /// <param name="bytes">The most that one of them takes, in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A negative number.</exception>
    /// <exception cref="DeviceException">The GPU has not so much memory left.</exception>
    public void ReserveShared(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (bytes > 0)
        {
            SharedFloats((bytes + sizeof(float) - 1) / sizeof(float));
        }
    }

    /// <summary>
    /// Memory for so many floats that launches which run <see cref="Exclusively"/> hand each other; called when they are bound.
    /// It is the device's, and there until that is disposed.
    /// </summary>
    internal Region SharedFloats(long count)
    {
        lock (exclusive)
        {
            if (shared.Count == 0 || shared[^1].Count < count)
            {
                shared.Add(AllocateUncleared(count, "the transformed images of convolutions"));
            }

            return new Region(shared[^1], 0, count);
        }
    }

    /// <summary>Keeps other threads' launches out that share memory, until it is disposed.</summary>
    internal Lock.Scope Exclusively() => exclusive.EnterScope();

    private static long Mebibytes(string variable, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out long said) && said > 0
            ? said : otherwise;
}
