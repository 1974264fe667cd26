using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>The CPU: SIMD at whatever width the machine has, pure C#, with a pool of threads of its own.</summary>
public sealed unsafe class CpuDevice : Device
{
    private const int SmallestClass = 8;
    private const int MostThreads = 1024;
    private const string SharedPurpose = "what products and convolutions copy or transform";
    private readonly WorkerPool pool;
    private readonly Lock gate = new();
    private readonly Stack<nint>[] free = [.. Enumerable.Range(0, 64).Select(_ => new Stack<nint>())];
    private readonly CpuBuffer?[] scratch;
    private CpuBuffer? shared;

    /// <summary>A CPU device with a number of threads, the caller's included.</summary>
    /// <param name="threads">At least 1; 0 takes PACGEN_THREADS or, without it, one for each core.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is negative or above 1,024.</exception>
    public CpuDevice(int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MostThreads);
        Threads = threads != 0 ? threads : DefaultThreads();
        pool = new WorkerPool(Threads);
        scratch = new CpuBuffer?[Threads];
    }

    /// <summary>How many threads share a launch, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>The widest vectors that the machine has and the runtime may use, in floats: 16, 8, 4 or 1.</summary>
    public static int Width =>
        Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : Vector128.IsHardwareAccelerated ? 4 : 1;

    /// <summary>
    /// The vector width, in floats, that this device's kernels use: <see cref="Width"/>, or a narrower one that a test asked for.
    /// </summary>
    public int Lanes { get; internal init; } = Width;

    /// <summary>
    /// How convolutions of 3 × 3 taps are computed, with stride 1 and in part with stride 2. It holds for what is compiled from
    /// then on; set it before.
    /// </summary>
    public ConvolutionMode Convolutions { get; set; }

    /// <inheritdoc/>
    public override string Name => $"CPU, {Threads} thread{(Threads == 1 ? "" : "s")}, {Lanes * 32}-bit vectors";

    /// <summary>What the system says is available (Linux's MemAvailable), and not more than the process may still take.</summary>
    public override long? FreeBytes
    {
        get
        {
            GCMemoryInfo memory = GC.GetGCMemoryInfo();
            long mine = memory.TotalAvailableMemoryBytes - Environment.WorkingSet;
            return Math.Max(
                0, SystemFree() is { } free ? Math.Min(free, mine)
                : Math.Min(mine, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes));
        }
    }

    /// <inheritdoc/>
    public override DeviceBuffer Allocate(long count, string purpose = "tensors")
    {
        CpuBuffer buffer = Rent(count, purpose);
        NativeMemory.Clear(buffer.Pointer, (nuint)count * sizeof(float));
        return buffer;
    }

    /// <inheritdoc/>
    public override DeviceBuffer AllocateUncleared(long count, string purpose = "tensors") => Rent(count, purpose);

    /// <inheritdoc/>
    public override Launch Bind(Operation operation, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        Check(operation, shapes, inputs, output);
        return operation.Bind(this, shapes, inputs, output);
    }

    /// <inheritdoc/>
    public override Launch Join(IReadOnlyList<Launch> launches)
    {
        ArgumentNullException.ThrowIfNull(launches);
        return launches.Count > 1 && SweepLaunch.TryCreate(this, launches) is { } sweep ? sweep : base.Join(launches);
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
    }

    /// <summary>Runs a launch's tasks on the workers and returns when all are done.</summary>
    /// <param name="launch">The launch.</param>
    public void Run(CpuLaunch launch) => pool.Run(launch);

    /// <summary>
    /// Makes sure that each worker has scratch memory for <paramref name="count"/> floats; called when a launch is bound.
    /// Launches run one after the other and share it.
    /// </summary>
    /// <param name="count">How many floats.</param>
    public void ReserveScratch(long count) => pool.WhileIdle(() =>
    {
        for (int worker = 0; worker < Threads; worker++)
        {
            if (scratch[worker] is not { } current || current.Count < count)
            {
                CpuBuffer larger = Rent(count, "the workers' scratch");
                scratch[worker]?.Dispose();
                scratch[worker] = larger;
            }
        }
    });

    /// <summary>A worker's scratch memory; valid until the next <see cref="ReserveScratch"/>, so ask anew in each task.</summary>
    /// <param name="worker">The worker, from 0 to below <see cref="Threads"/>.</param>
    public float* Scratch(int worker) => scratch[worker]!.Pointer;

    /// <summary>
    /// Makes sure that there is memory for <paramref name="count"/> floats that launches which run <see cref="Exclusively"/> hand
    /// each other; called when they are bound.
    /// </summary>
    /// <returns>The memory. Its address is valid until the next call, so ask anew in each task.</returns>
    internal Region ReserveShared(long count)
    {
        pool.WhileIdle(() =>
        {
            if (shared is null)
            {
                shared = Rent(count, SharedPurpose);
            }
            else if (shared.Count < count)
            {
                shared.Take(Rent(count, SharedPurpose));
            }
        });
        return new Region(shared!, 0, count);
    }

    /// <summary>The address of that memory; valid until the next call, so ask anew in each task.</summary>
    internal float* Shared => shared!.Pointer;

    /// <summary>Keeps other threads' launches out until it is disposed.</summary>
    internal Lock.Scope Exclusively() => pool.Enter();

    /// <summary>The address of a region's first element.</summary>
    /// <param name="region">A region of memory of the CPU.</param>
    public static float* Address(Region region) => ((CpuBuffer)region.Buffer).Pointer + region.Start;

    /// <summary>Asks for a cache line that is used soon; nothing where the machine has no such instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch(float* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    /// <summary>
    /// Whether an output is worth <see cref="StorePast"/>, for the caches don't keep it until it is read, and lies as that needs.
    /// </summary>
    /// <param name="output">Where it begins.</param>
    /// <param name="count">Its floats.</param>
    internal static bool GoesPast<T>(float* output, long count)
        where T : struct, IMemoryLane<T>
    {
        // 16 MiB: beside the inputs no cache holds that.
        const long Least = 1 << 22;
        return count >= Least && (nint)output % (sizeof(float) * T.Count) == 0;
    }

    /// <summary>
    /// Writes a vector past the caches, at an address aligned to it: a plain store would first read the line that it overwrites.
    /// <see cref="EndStoresPast"/> ends such stores.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StorePast<T>(float* address, T value)
        where T : struct, IMemoryLane<T>
    {
        if (T.Count == Vector512<float>.Count)
        {
            Unsafe.BitCast<T, Vector512<float>>(value).StoreAlignedNonTemporal(address);
        }
        else if (T.Count == Vector256<float>.Count)
        {
            Unsafe.BitCast<T, Vector256<float>>(value).StoreAlignedNonTemporal(address);
        }
        else
        {
            T.Store(address, value);
        }
    }

    /// <summary>Orders stores past the caches before all that come later.</summary>
    internal static void EndStoresPast()
    {
        if (Sse.IsSupported)
        {
            Sse.StoreFence();
        }
    }

    /// <summary>The lane of a width.</summary>
    internal static Type LaneType(int width) => width switch
    {
        16 => typeof(Float16),
        8 => typeof(Float8),
        4 => typeof(Float4),
        _ => typeof(Float1),
    };

    internal void Return(float* pointer, int sizeClass)
    {
        lock (gate)
        {
            free[sizeClass].Push((nint)pointer);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        pool.Dispose();
        lock (gate)
        {
            foreach (CpuBuffer? buffer in scratch)
            {
                buffer?.Dispose();
            }

            shared?.Dispose();
            foreach (Stack<nint> stack in free)
            {
                while (stack.TryPop(out nint pointer))
                {
                    HostMemory.Free((void*)pointer);
                }
            }
        }
    }

    private static long? SystemFree()
    {
        const string Source = "/proc/meminfo", Line = "MemAvailable:";
        if (!OperatingSystem.IsLinux() || !File.Exists(Source))
        {
            return null;
        }

        string? line = File.ReadLines(Source).FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal));
        return line?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [{ } kibibytes, ..]
            && long.TryParse(kibibytes, CultureInfo.InvariantCulture, out long free)
            ? free * 1024 : null;
    }

    private static int DefaultThreads() => Environment.GetEnvironmentVariable("PACGEN_THREADS") switch
    {
        null or "" => Environment.ProcessorCount,
        { } text when int.TryParse(text, out int threads) && threads is > 0 and <= MostThreads => threads,
        { } text => throw new DeviceException(
            $"PACGEN_THREADS is '{text}', but must be a number of threads from 1 to {MostThreads}. Correct or unset it."),
    };

    private CpuBuffer Rent(long count, string purpose)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Allocating?.Invoke();

        // Size classes are powers of two with a half step, so at most a third is wasted.
        int log = Math.Max(SmallestClass, 63 - BitOperations.LeadingZeroCount((ulong)Math.Max(count - 1, 1)));
        long half = (1L << log) + (1L << (log - 1));
        bool isHalf = count <= half && count > 1L << log;
        int sizeClass = count <= 1L << SmallestClass ? 0 : (2 * (log - SmallestClass)) + (isHalf ? 1 : 2);
        long capacity = sizeClass == 0 ? 1L << SmallestClass : isHalf ? half : 1L << (log + 1);
        lock (gate)
        {
            if (sizeClass < free.Length && free[sizeClass].TryPop(out nint pooled))
            {
                return new CpuBuffer(this, (float*)pooled, count, sizeClass);
            }
        }

        // One line more than asked for, so that a vector that ends a tensor may be read whole.
        float* fresh;
        try
        {
            fresh = (float*)HostMemory.Allocate((capacity + 16) * sizeof(float));
        }
        catch (OutOfMemoryException cause)
        {
            throw OutOfMemory(count, purpose, cause);
        }

        return new CpuBuffer(this, fresh, count, sizeClass);
    }
}
