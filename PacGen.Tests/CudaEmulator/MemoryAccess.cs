using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>Loads, stores, asynchronous copies and atomic operations.</summary>
internal static unsafe class MemoryAccess
{
    // Where shared and local memory lie in the generic address space: no address of the process is as high.
    public const long SharedWindow = 0x4000_0000_0000_0000, LocalWindow = 0x2000_0000_0000_0000;

    /// <summary>Loads elements of as many bytes as a register has.</summary>
    public static void Load<T>(Warp warp, Instruction* instruction)
        where T : unmanaged
    {
        int count = instruction->Count, bytes = count * sizeof(T);
        long* addresses = warp.At<long>(instruction->A);
        if (count == 1 && Row<T>(warp, instruction, addresses) is { } row)
        {
            new ReadOnlySpan<T>((void*)row, Warp.Lanes).CopyTo(new Span<T>(warp.At<T>(instruction->List[0]), Warp.Lanes));
            return;
        }

        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            T* from = (T*)Place(warp, instruction, lane, addresses[lane] + instruction->Offset, bytes, writes: false);
            for (int i = 0; i < count; i++)
            {
                warp.At<T>(instruction->List[i])[lane] = from[i];
            }
        }
    }

    public static void Store<T>(Warp warp, Instruction* instruction)
        where T : unmanaged
    {
        int count = instruction->Count, bytes = count * sizeof(T);
        long* addresses = warp.At<long>(instruction->A);
        if (count == 1 && Row<T>(warp, instruction, addresses) is { } row)
        {
            new ReadOnlySpan<T>(warp.At<T>(instruction->List[0]), Warp.Lanes).CopyTo(new Span<T>((void*)row, Warp.Lanes));
            return;
        }

        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            T* to = (T*)Place(warp, instruction, lane, addresses[lane] + instruction->Offset, bytes, writes: true);
            for (int i = 0; i < count; i++)
            {
                to[i] = warp.At<T>(instruction->List[i])[lane];
            }
        }
    }

    /// <summary>Loads elements of one or two bytes into registers of four, with their sign where they have one.</summary>
    public static void LoadShort<T>(Warp warp, Instruction* instruction)
        where T : unmanaged, IBinaryInteger<T>
    {
        int count = instruction->Count, bytes = count * sizeof(T);
        long* addresses = warp.At<long>(instruction->A);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            T* from = (T*)Place(warp, instruction, lane, addresses[lane] + instruction->Offset, bytes, writes: false);
            for (int i = 0; i < count; i++)
            {
                warp.At<int>(instruction->List[i])[lane] = int.CreateTruncating(from[i]);
            }
        }
    }

    public static void StoreShort<T>(Warp warp, Instruction* instruction)
        where T : unmanaged, IBinaryInteger<T>
    {
        int count = instruction->Count, bytes = count * sizeof(T);
        long* addresses = warp.At<long>(instruction->A);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            T* to = (T*)Place(warp, instruction, lane, addresses[lane] + instruction->Offset, bytes, writes: true);
            for (int i = 0; i < count; i++)
            {
                to[i] = T.CreateTruncating(warp.At<uint>(instruction->List[i])[lane]);
            }
        }
    }

    /// <summary>
    /// cp.async: <see cref="Instruction.B"/> holds the global address, <see cref="Instruction.C"/> the bytes given.
    /// </summary>
    public static void Copy(Warp warp, Instruction* instruction)
    {
        long* to = warp.At<long>(instruction->A), from = warp.At<long>(instruction->B);
        int* givens = warp.At<int>(instruction->C);
        int bytes = instruction->Bytes;
        ThreadBlock block = warp.Block;
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest), given = givens[lane];
            long offset = to[lane] + instruction->Offset;
            if ((uint)given > (uint)bytes)
            {
                throw warp.Fault(instruction, lane, $"it copies {given} of {bytes} bytes");
            }

            CheckShared(warp, instruction, lane, offset, bytes);
            block.Shadow?.Write(warp, instruction, lane, offset, bytes, copies: true);
            nint source = (nint)(from[lane] + instruction->Target);
            if (given > 0)
            {
                if ((source & (bytes - 1)) != 0)
                {
                    throw warp.Fault(instruction, lane, $"an address of global memory that is no multiple of {bytes}", source);
                }

                CheckGlobal(warp, instruction, lane, source, given);
                Mark(warp, instruction, lane, source, given, block.Launch.Memory.ToMark(source));
                block.Launch.GlobalShadow?.Access(warp, instruction, lane, source, given, writes: false);
            }

            warp.Copies!.Add(lane, (int)offset, source, bytes, given, instruction->Index);
        }
    }

    /// <summary>A parameter of the kernel: <see cref="Instruction.Offset"/> is its place.</summary>
    public static void LoadParameter<T>(Warp warp, Instruction* instruction)
        where T : unmanaged
    {
        T* from = (T*)(warp.Block.Launch.Parameters + instruction->Offset);
        for (int i = 0; i < instruction->Count; i++)
        {
            if (warp.Exec == uint.MaxValue)
            {
                new Span<T>(warp.At<T>(instruction->List[i]), Warp.Lanes).Fill(from[i]);
                continue;
            }

            for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
            {
                warp.At<T>(instruction->List[i])[BitOperations.TrailingZeroCount(rest)] = from[i];
            }
        }
    }

    public static void LoadShortParameter<T>(Warp warp, Instruction* instruction)
        where T : unmanaged, IBinaryInteger<T>
    {
        int value = int.CreateTruncating(*(T*)(warp.Block.Launch.Parameters + instruction->Offset));
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            warp.At<int>(instruction->List[0])[BitOperations.TrailingZeroCount(rest)] = value;
        }
    }

    /// <summary>An atomic operation; one after the other, by lane.</summary>
    public static void Atomic<T, TOperation>(Warp warp, Instruction* instruction)
        where T : unmanaged
        where TOperation : IScalar3<T, T, T, T>
    {
        long* addresses = warp.At<long>(instruction->A);
        T* b = warp.At<T>(instruction->B), c = warp.At<T>(instruction->C);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            T* at = (T*)Place(
                warp, instruction, lane, addresses[lane] + instruction->Offset, sizeof(T), writes: true, atomic: true);
            T old = *at;
            *at = TOperation.Of(old, b[lane], c[lane]);
            if (instruction->D >= 0)
            {
                warp.At<T>(instruction->D)[lane] = old;
            }
        }
    }

    /// <summary>membar, fence of a scope wider than a block.</summary>
    public static void Fence(Warp warp, Instruction* instruction) => warp.Block.Launch.GlobalShadow?.Fence(warp);

    /// <summary>The same among a block's threads: what they access is seen at once anyway.</summary>
    public static void FenceOfBlock(Warp warp, Instruction* instruction)
    {
    }

    /// <summary>The address of a row of a matrix in shared memory.</summary>
    public static byte* Row(Warp warp, Instruction* instruction, int lane)
    {
        long offset = warp.At<long>(instruction->A)[lane] + instruction->Offset;
        CheckShared(warp, instruction, lane, offset, 16);
        warp.Block.Shadow?.Read(warp, instruction, lane, offset, 16);
        return warp.Block.Shared + offset;
    }

    // Where all 32 lanes access neighbours in the allocation of last time: the first one's address.
    private static nint? Row<T>(Warp warp, Instruction* instruction, long* addresses)
        where T : unmanaged
    {
        long first = addresses[0] + instruction->Offset;
        if (instruction->Space != MemorySpace.Global || warp.Exec != uint.MaxValue || (first & (sizeof(T) - 1)) != 0
            || warp.Block.Launch.GlobalShadow is not null
            || (ulong)(first - instruction->RangeStart) >= instruction->RangeStarts
            || (ulong)(first + (31 * sizeof(T)) - instruction->RangeStart) >= instruction->RangeStarts)
        {
            return null;
        }

        Vector512<long> expected = Vector512.Create(addresses[0]) + (Vector512.Create(0L, 1, 2, 3, 4, 5, 6, 7) * sizeof(T));
        for (int lane = 0; lane < Warp.Lanes; lane += 8)
        {
            if (Vector512.Load(addresses + lane) != expected)
            {
                return null;
            }

            expected += Vector512.Create(8L * sizeof(T));
        }

        if (instruction->RangeToMark != 0)
        {
            Span<byte> marks = new((void*)((nint)first + instruction->RangeToMark), Warp.Lanes * sizeof(T));
            if (instruction->Writes)
            {
                marks.Fill(DeviceMemory.Mark);
            }
            else if (marks.Contains((byte)0))
            {
                return null;
            }
        }

        return (nint)first;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Place(
        Warp warp, Instruction* instruction, int lane, long address, int bytes, bool writes, bool atomic = false)
    {
        if (instruction->Space == MemorySpace.Global)
        {
            if ((ulong)(address - instruction->RangeStart) >= instruction->RangeStarts || (address & (bytes - 1)) != 0)
            {
                Aligned(warp, instruction, lane, address, bytes);
                CheckGlobal(warp, instruction, lane, (nint)address, bytes);
            }

            if (instruction->RangeToMark != 0)
            {
                Mark(warp, instruction, lane, (nint)address, bytes, instruction->RangeToMark);
            }

            GlobalShadow? shadow = warp.Block.Launch.GlobalShadow;
            if (shadow is not null)
            {
                shadow.Access(warp, instruction, lane, (nint)address, bytes, writes);
            }

            return (byte*)address;
        }

        if (instruction->Space == MemorySpace.Shared)
        {
            return Shared(warp, instruction, lane, address, bytes, writes, atomic);
        }

        return Elsewhere(warp, instruction, lane, address, bytes, writes, atomic);
    }

    private static byte* Shared(
        Warp warp, Instruction* instruction, int lane, long address, int bytes, bool writes, bool atomic)
    {
        CheckShared(warp, instruction, lane, address, bytes);
        SharedShadow? shadow = warp.Block.Shadow;
        if (shadow is not null && !atomic)
        {
            if (writes)
            {
                shadow.Write(warp, instruction, lane, address, bytes);
            }
            else
            {
                shadow.Read(warp, instruction, lane, address, bytes);
            }
        }

        return warp.Block.Shared + address;
    }

    private static byte* Elsewhere(
        Warp warp, Instruction* instruction, int lane, long address, int bytes, bool writes, bool atomic)
    {
        if (instruction->Space == MemorySpace.Generic && address >= SharedWindow)
        {
            return Shared(warp, instruction, lane, address - SharedWindow, bytes, writes, atomic);
        }

        if (instruction->Space == MemorySpace.Generic && address < LocalWindow)
        {
            Aligned(warp, instruction, lane, address, bytes);
            CheckGlobal(warp, instruction, lane, (nint)address, bytes);
            Mark(warp, instruction, lane, (nint)address, bytes, warp.Block.Launch.Memory.ToMark((nint)address));
            warp.Block.Launch.GlobalShadow?.Access(warp, instruction, lane, (nint)address, bytes, writes);
            return (byte*)address;
        }

        long offset = instruction->Space == MemorySpace.Generic ? address - LocalWindow : address;
        Aligned(warp, instruction, lane, offset, bytes);
        int size = warp.Block.Launch.Kernel.LocalBytes;
        if ((ulong)offset > (ulong)(size - bytes) || size < bytes)
        {
            throw warp.Fault(instruction, lane, $"{bytes} bytes at {offset} of local memory, which has {size}");
        }

        return warp.Local + ((long)lane * size) + offset;
    }

    private static void Aligned(Warp warp, Instruction* instruction, int lane, long address, int bytes)
    {
        if ((address & (bytes - 1)) != 0)
        {
            throw warp.Fault(instruction, lane, $"the address is no multiple of {bytes}", (nint)address);
        }
    }

    private static void CheckShared(Warp warp, Instruction* instruction, int lane, long offset, int bytes)
    {
        int size = warp.Block.SharedBytes;
        if ((ulong)offset > (ulong)(size - bytes) || size < bytes)
        {
            throw warp.Fault(instruction, lane, $"{bytes} bytes at {offset} of shared memory, which has {size}");
        }

        if ((offset & (bytes - 1)) != 0)
        {
            throw warp.Fault(instruction, lane, $"{offset} in shared memory is no multiple of {bytes}");
        }
    }

    private static void CheckGlobal(Warp warp, Instruction* instruction, int lane, nint address, int bytes)
    {
        (nint start, long size) = warp.Block.Launch.Memory.Find(address);
        if (size == 0 || address - start > size - bytes)
        {
            throw warp.Fault(
                instruction, lane,
                size == 0
                    ? $"{bytes} bytes outside all memory that is allocated, {warp.Block.Launch.Memory.Describe(address)}"
                    : $"{bytes} bytes at {address - start} of an allocation of {size}",
                address);
        }

        if (instruction->Space == MemorySpace.Global)
        {
            instruction->RangeStart = start;
            instruction->RangeStarts = (ulong)(size - bytes + 1);
            instruction->RangeToMark = warp.Block.Launch.Memory.ToMark(address);
        }
    }

    /// <summary>What is read must have been written: by a kernel, a copy or a fill.</summary>
    private static void Mark(Warp warp, Instruction* instruction, int lane, nint address, int bytes, nint toMark)
    {
        if (toMark == 0)
        {
            return;
        }

        Span<byte> marks = new((void*)(address + toMark), bytes);
        if ((instruction->Reads || !instruction->Writes) && marks.IndexOf((byte)0) is var first and >= 0)
        {
            throw warp.Fault(
                instruction, lane,
                $"it reads {bytes} bytes that nothing has written, {warp.Block.Launch.Memory.Describe(address + first)}",
                address);
        }

        if (instruction->Writes)
        {
            marks.Fill(DeviceMemory.Mark);
        }
    }
}
