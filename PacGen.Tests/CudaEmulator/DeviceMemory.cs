using System.Runtime.InteropServices;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// An emulated device's memory, and the host's memory that it may access. Addresses are the process's own. Fresh memory and freed
/// memory are full of ones, which are NaN in every format; between allocations lie bytes that belong to none, and what was freed
/// is not given out again for a while, so that an address past an end, or of former memory, is found out.
/// </summary>
/// <param name="total">How many bytes the device has.</param>
/// <param name="marksWrites">Whether each byte of the device's own has a mark, which is 0 until it is written.</param>
/// <param name="isIdle">
/// Whether nobody will write to the device's memory: it is full of zeros then, and takes none of the host's.
/// </param>
internal sealed unsafe class DeviceMemory(
    long total = DeviceMemory.DefaultBytes, bool marksWrites = false, bool isIdle = false) : IDisposable
{
    public const long DefaultBytes = 16L << 30;

    /// <summary>As much as the largest GPU has.</summary>
    public const long IdleBytes = 141L << 30;

    /// <summary>The mark of a byte that was written.</summary>
    public const byte Mark = 1;

    /// <summary>What CUDA promises of an allocation's address.</summary>
    private const int Alignment = 256;
    private const int Guard = 256;
    private const long KeptBytes = 64 << 20;
    private const byte Unwritten = 0xFF;

    private readonly Lock changing = new();
    private readonly Queue<Block> freed = new();
    private long freedBytes, allocations;

    /// <summary>
    /// The allocations in the order of their addresses. Replaced as a whole, so that it is read without a lock.
    /// </summary>
    private volatile Block[] blocks = [];

    public long TotalBytes => total;

    /// <summary>The bytes of the device's own memory that are allocated.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>Allocates memory of the device.</summary>
    /// <exception cref="OutOfMemoryException">There is none left.</exception>
    public nint Allocate(long bytes) => Allocate(bytes, isDevice: true);

    /// <summary>Allocates page-locked memory of the host.</summary>
    /// <exception cref="OutOfMemoryException">There is none left.</exception>
    public nint AllocateHost(long bytes) => Allocate(bytes, isDevice: false);

    /// <summary>Frees what <see cref="Allocate(long)"/> or <see cref="AllocateHost"/> gave.</summary>
    /// <exception cref="ArgumentException">It is no allocation's address, or no longer.</exception>
    public void Free(nint address)
    {
        lock (changing)
        {
            Block block = Remove(address, isRegistered: false);
            AllocatedBytes -= block.IsDevice ? block.Bytes : 0;
            if (!isIdle)
            {
                NativeMemory.Fill((void*)block.Start, (nuint)block.Bytes, Unwritten);
            }

            freed.Enqueue(block);
            freedBytes += block.Bytes;
            while (freedBytes > KeptBytes)
            {
                Block oldest = freed.Dequeue();
                freedBytes -= oldest.Bytes;
                Release(oldest);
            }
        }
    }

    /// <summary>Lets the device access memory of the host.</summary>
    /// <exception cref="InvalidOperationException">Some of it may be accessed already.</exception>
    public void Register(nint address, long bytes)
    {
        lock (changing)
        {
            if (blocks.Any(block => block.Start < address + bytes && address < block.Start + block.Bytes))
            {
                throw new InvalidOperationException("Memory can't be registered twice.");
            }

            Add(new Block(address, bytes, ++allocations, IsDevice: false, IsRegistered: true, Memory: 0, Marks: 0));
        }
    }

    /// <summary>Ends what <see cref="Register"/> began.</summary>
    /// <exception cref="ArgumentException">It was not registered.</exception>
    public void Unregister(nint address)
    {
        lock (changing)
        {
            Remove(address, isRegistered: true);
        }
    }

    /// <summary>Whether the bytes lie in one allocation.</summary>
    public bool Contains(nint address, long bytes) =>
        At(address) is { } block && bytes >= 0 && address - block.Start <= block.Bytes - bytes;

    /// <summary>The allocation that an address lies in, or none: (0, 0).</summary>
    public (nint Start, long Bytes) Find(nint address) => At(address) is { } block ? (block.Start, block.Bytes) : default;

    /// <summary>
    /// How far from an address its byte's mark lies, the same for all of an allocation; 0 where nothing is marked.
    /// </summary>
    public nint ToMark(nint address) => At(address) is { Marks: not 0 } block ? block.Marks - block.Start : 0;

    /// <summary>Marks bytes of one allocation as written.</summary>
    public void MarkWritten(nint address, long bytes)
    {
        if (ToMark(address) is var distance and not 0)
        {
            NativeMemory.Fill((void*)(address + distance), (nuint)bytes, Mark);
        }
    }

    /// <summary>Gives bytes of one allocation of the device the marks of another's.</summary>
    public void CopyMarks(nint target, nint source, long bytes)
    {
        if (ToMark(target) is var to and not 0 && ToMark(source) is var from and not 0)
        {
            Buffer.MemoryCopy((void*)(source + from), (void*)(target + to), bytes, bytes);
        }
    }

    /// <summary>How many bytes from an address, in one allocation, were written before the first that was not.</summary>
    public long WrittenBytes(nint address, long bytes)
    {
        nint distance = ToMark(address);
        long count = 0;
        while (distance != 0 && count < bytes && *(byte*)(address + distance + (nint)count) != 0)
        {
            count++;
        }

        return distance == 0 ? bytes : count;
    }

    /// <summary>Whether an address is in memory that the device may access.</summary>
    public bool IsKnown(nint address) => At(address) is not null;

    /// <summary>Whether an address is in the device's own memory.</summary>
    public bool IsDevice(nint address) => At(address) is { IsDevice: true };

    /// <summary>
    /// Whether an address belongs to the device's memory, past or present, or to the bytes between: it is no memory of the host's
    /// then, though the host could read it.
    /// </summary>
    public bool IsOwn(nint address)
    {
        lock (changing)
        {
            int behind = FirstBehind(blocks, address);
            return (behind > 0 && IsNear(blocks[behind - 1])) || (behind < blocks.Length && IsNear(blocks[behind]))
                || freed.Any(IsNear);
        }

        bool IsNear(Block block) => !block.IsRegistered && address >= block.Start - Guard
            && address - block.Start < block.Bytes + Guard;
    }

    /// <summary>What an address is, for an error.</summary>
    public string Describe(nint address)
    {
        lock (changing)
        {
            Block? inside = At(address) ?? freed.LastOrDefault(block => block.Has(address));
            if (inside is not null)
            {
                return $"{address - inside.Start} bytes into {inside}{(freed.Contains(inside) ? ", which was freed" : "")}";
            }

            Block? before = blocks.LastOrDefault(block => block.Start <= address);
            Block? after = blocks.FirstOrDefault(block => block.Start > address);
            long past = before is null ? long.MaxValue : address - before.Start - before.Bytes;
            long ahead = after is null ? long.MaxValue : after.Start - address;
            return past == long.MaxValue && ahead == long.MaxValue ? "the device has no memory"
                : past <= ahead ? $"{past} bytes behind {before}" : $"{ahead} bytes before {after}";
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (changing)
        {
            foreach (Block block in blocks.Where(block => !block.IsRegistered).Concat(freed))
            {
                Release(block);
            }

            blocks = [];
            freed.Clear();
            freedBytes = AllocatedBytes = 0;
        }
    }

    private nint Allocate(long bytes, bool isDevice)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        lock (changing)
        {
            if (isDevice && bytes > total - AllocatedBytes)
            {
                throw new InsufficientMemoryException($"{bytes} of {total - AllocatedBytes} bytes were asked for.");
            }

            nuint taken = (nuint)(bytes + (2 * Guard) + Alignment);
            nint memory = (nint)(isIdle ? NativeMemory.AllocZeroed(taken) : NativeMemory.Alloc(taken));
            nint start = ((memory + Alignment - 1) & -Alignment) + Guard;
            if (!isIdle)
            {
                NativeMemory.Fill((void*)memory, taken, Unwritten);
            }

            AllocatedBytes += isDevice ? bytes : 0;
            nint marks = marksWrites && isDevice ? (nint)NativeMemory.AllocZeroed((nuint)bytes) : 0;
            Add(new Block(start, bytes, ++allocations, isDevice, IsRegistered: false, memory, marks));
            return start;
        }
    }

    private static void Release(Block block)
    {
        NativeMemory.Free((void*)block.Memory);
        NativeMemory.Free((void*)block.Marks);
    }

    private void Add(Block block)
    {
        int index = FirstBehind(blocks, block.Start);
        blocks = [.. blocks.AsSpan(0, index), block, .. blocks.AsSpan(index)];
    }

    private Block Remove(nint address, bool isRegistered)
    {
        int index = FirstBehind(blocks, address) - 1;
        if (index < 0 || blocks[index] is not { } block || block.Start != address || block.IsRegistered != isRegistered)
        {
            throw new ArgumentException($"0x{address:x} is no allocation: {Describe(address)}.", nameof(address));
        }

        blocks = [.. blocks.AsSpan(0, index), .. blocks.AsSpan(index + 1)];
        return block;
    }

    private Block? At(nint address)
    {
        Block[] now = blocks;
        int index = FirstBehind(now, address) - 1;
        return index >= 0 && now[index].Has(address) ? now[index] : null;
    }

    private static int FirstBehind(Block[] blocks, nint address)
    {
        int low = 0, high = blocks.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = blocks[middle].Start <= address ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private sealed record Block(
        nint Start, long Bytes, long Number, bool IsDevice, bool IsRegistered, nint Memory, nint Marks)
    {
        public bool Has(nint address) => address >= Start && address - Start < Bytes;

        public override string ToString() => $"allocation {Number}, of {Bytes} bytes of {(IsDevice ? "the device" : "the host")}";
    }
}
