using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// Who read and who wrote each piece of a block's shared memory since the last barrier. A record: 20 bits of the block's
/// barriers, 16 of the warp's, 10 of the thread, three flags, 15 of the instruction.
/// </summary>
internal sealed unsafe class SharedShadow : IDisposable
{
    private const int Epoch = 44, WarpEpoch = 28, Thread = 18;
    private const ulong SeveralLanes = 1 << 15, SeveralWarps = 1 << 16, Copying = 1 << 17, Flags = 7 << 15, ThreadMask = 1023,
        Place = 0x7FFF;

    private readonly ulong* reads;
    private readonly ulong* writes;
    private readonly int pieces;
    private readonly int shift;
    private ulong epoch;

    /// <param name="bytes">Of shared memory.</param>
    /// <param name="shift">The logarithm of the bytes of a piece, the least that an instruction accesses.</param>
    public SharedShadow(int bytes, int shift)
    {
        this.shift = shift;
        pieces = (bytes >> shift) + 16;
        reads = (ulong*)NativeMemory.AllocZeroed((nuint)pieces, sizeof(ulong));
        writes = (ulong*)NativeMemory.AllocZeroed((nuint)pieces, sizeof(ulong));
        epoch = 1;
    }

    /// <summary>A barrier of all threads, or a new block.</summary>
    public void Advance(bool clears)
    {
        epoch++;
        if (clears || epoch >= 1 << 20)
        {
            epoch = 1;
            new Span<ulong>(reads, pieces).Clear();
            for (int i = 0; i < pieces; i++)
            {
                writes[i] = clears || (writes[i] & Copying) == 0 ? 0 : writes[i];
            }
        }
    }

    public void Read(Warp warp, Instruction* instruction, int lane, long offset, int bytes)
    {
        ulong own = Own(warp, instruction, lane);
        long first = offset >> shift, last = (offset + bytes - 1) >> shift;
        if (last - first == 3 && FourNeedNothing(own, first))
        {
            return;
        }

        for (long piece = first; piece <= last; piece++)
        {
            ulong write = writes[piece];
            if (write >> Epoch == epoch || (write & Copying) != 0)
            {
                Check(warp, instruction, lane, own, write, offset, "reads");
            }

            ulong read = reads[piece];
            if (read >> Epoch != epoch)
            {
                reads[piece] = own;
            }
            else if (((read ^ own) & ~(SeveralLanes | Place)) != 0)
            {
                reads[piece] = (read & SeveralWarps) != 0 || ((read ^ own) & ((ThreadMask & ~31UL) << Thread)) != 0
                    ? read | SeveralWarps
                    : ((read ^ own) >> WarpEpoch) == 0 ? read | SeveralLanes : own;
            }
        }
    }

    // Whether none of four pieces was written since the barrier, and their reads need no other record; most reads are such.
    private bool FourNeedNothing(ulong own, long first)
    {
        Vector256<ulong> write = Vector256.Load(writes + first), read = Vector256.Load(reads + first);
        Vector256<ulong> now = Vector256.Create(epoch), zero = Vector256<ulong>.Zero;
        if (Vector256.EqualsAny(Vector256.ShiftRightLogical(write, Epoch), now)
            || (write & Vector256.Create(Copying)) != zero)
        {
            return false;
        }

        Vector256<ulong> recent = Vector256.Equals(Vector256.ShiftRightLogical(read, Epoch), now);
        if (recent == zero)
        {
            Vector256.Create(own).Store(reads + first);
            return true;
        }

        Vector256<ulong> change = read ^ Vector256.Create(own);
        Vector256<ulong> same = Vector256.Equals(change & Vector256.Create(~(SeveralLanes | Place)), zero);
        Vector256<ulong> lanes = Vector256.Equals(change & Vector256.Create(~(Flags | Place | (31UL << Thread))), zero)
            & ~Vector256.Equals(read & Vector256.Create(SeveralLanes), zero);
        Vector256<ulong> warps = recent & ~Vector256.Equals(read & Vector256.Create(SeveralWarps), zero);
        return Vector256.EqualsAll(same | lanes | warps, Vector256<ulong>.AllBitsSet);
    }

    public void Write(Warp warp, Instruction* instruction, int lane, long offset, int bytes, bool copies = false)
    {
        ulong own = Own(warp, instruction, lane);
        long last = (offset + bytes - 1) >> shift;
        for (long piece = offset >> shift; piece <= last; piece++)
        {
            ulong write = writes[piece], read = reads[piece];
            if (write >> Epoch == epoch || (write & Copying) != 0)
            {
                Check(warp, instruction, lane, own, write, offset, "writes over");
            }

            if (read >> Epoch == epoch)
            {
                CheckRead(warp, instruction, lane, own, read, offset);
            }

            writes[piece] = copies ? own | Copying : own;
        }
    }

    /// <summary>A copy's bytes have come, as if its thread wrote them now.</summary>
    public void Arrive(Warp warp, int index, int lane, long offset, int bytes)
    {
        ulong own = Own(warp, index, lane);
        long last = (offset + bytes - 1) >> shift;
        for (long piece = offset >> shift; piece <= last; piece++)
        {
            writes[piece] = own;
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(reads);
        NativeMemory.Free(writes);
        GC.SuppressFinalize(this);
    }

    private ulong Own(Warp warp, Instruction* instruction, int lane) => Own(warp, instruction->Index, lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Own(Warp warp, int index, int lane) =>
        (epoch << Epoch) | ((ulong)Math.Min(warp.Synchronizations, 0xFFFFu) << WarpEpoch)
            | ((ulong)(uint)((warp.Index * Warp.Lanes) + lane) << Thread) | Math.Min((uint)index, (uint)Place);

    private static void Check(
        Warp warp, Instruction* instruction, int lane, ulong own, ulong write, long offset, string verb)
    {
        if ((write & Copying) != 0)
        {
            throw warp.Fault(
                instruction, lane,
                $"{verb} shared memory at {offset} while a copy of thread {ThreadOf(warp, write)}, {LineOf(warp, write)}, is " +
                    "pending: no cp.async.wait_group of that thread lies between");
        }

        if (IsBefore(own, write))
        {
            return;
        }

        throw warp.Fault(
            instruction, lane,
            $"race: it {verb} shared memory at {offset} that thread {ThreadOf(warp, write)} wrote, {LineOf(warp, write)}, with " +
                $"no " +
                "barrier between");
    }

    private static void CheckRead(Warp warp, Instruction* instruction, int lane, ulong own, ulong read, long offset)
    {
        bool sameWarp = (read & SeveralWarps) == 0 && ((read ^ own) & ((ThreadMask & ~31UL) << Thread)) == 0;
        bool sameThread = (read & SeveralLanes) == 0 && ((read ^ own) & (ThreadMask << Thread)) == 0;
        if (sameWarp && (sameThread || read >> WarpEpoch != own >> WarpEpoch))
        {
            return;
        }

        throw warp.Fault(
            instruction, lane,
            $"race: it writes shared memory at {offset} that thread {ThreadOf(warp, read)} has read, {LineOf(warp, read)}" +
                $"{((read & (SeveralLanes | SeveralWarps)) != 0 ? ", and others" : "")}, with no barrier between");
    }

    // By the same thread, or by its warp before that synchronised.
    private static bool IsBefore(ulong own, ulong other) => ((own ^ other) & (ThreadMask << Thread)) == 0
        || (((own ^ other) & ((ThreadMask & ~31UL) << Thread)) == 0 && own >> WarpEpoch != other >> WarpEpoch);

    private static string ThreadOf(Warp warp, ulong record) => $"{warp.Block.ThreadAt((int)((record >> Thread) & ThreadMask))}";

    private static string LineOf(Warp warp, ulong record) => $"line {warp.Block.Launch.Kernel.LineOf((int)(record & Place))}";
}
