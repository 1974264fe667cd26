using System.Numerics;
using System.Runtime.InteropServices;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// Who read and who wrote each word of global memory in one launch. Accesses of different blocks to a word, of which one writes,
/// are a race unless both are strong (<see cref="Instruction.IsStrong"/>), or the first was released and the second's thread
/// acquired behind that: the pattern of a last block that sums what others left. An access is released by a fence of its thread,
/// or of another behind a barrier, and then a strong access of the fence's thread, or of another behind a barrier. A thread
/// acquires by a strong access, its own or, with a barrier behind it, another's. A strong access is released by itself.
/// </summary>
/// <remarks>
/// Of a word it knows the last write and the last reads of two blocks: each stands for those before it. Any strong access
/// counts, whatever its address and whether it read what the other wrote.
/// </remarks>
internal sealed unsafe class GlobalShadow
{
    private readonly Dictionary<nint, Word> words = [];
    private readonly Dictionary<int, Progress> progress = [];
    private long clock;

    public void Access(Warp warp, Instruction* instruction, int lane, nint address, int bytes, bool writes)
    {
        Record now = new(
            warp.Block.Number, (warp.Index * Warp.Lanes) + lane, ++clock, instruction->Index, instruction->IsStrong);
        Progress own = Of(now.Block);
        if (now.IsStrong)
        {
            own.Order(now.Thread, clock);
        }

        for (nint at = address & ~3; at < address + bytes; at += 4)
        {
            ref Word word = ref CollectionsMarshal.GetValueRefOrAddDefault(words, at, out _);
            Check(warp, instruction, lane, at, own, now, word.Write, "wrote", writes);
            if (writes)
            {
                Check(warp, instruction, lane, at, own, now, word.Read, "read", writes);
                Check(warp, instruction, lane, at, own, now, word.OtherRead, "read", writes);
                word.Write = now;
            }
            else
            {
                word.OtherRead = word.Read.Block == now.Block ? word.OtherRead : word.Read;
                word.Read = now;
            }
        }
    }

    /// <summary>A fence of the lanes that execute.</summary>
    public void Fence(Warp warp)
    {
        clock++;
        Progress own = Of(warp.Block.Number);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            own.Fence((warp.Index * Warp.Lanes) + BitOperations.TrailingZeroCount(rest), clock);
        }
    }

    /// <summary>A barrier of a block's threads.</summary>
    public void Barrier(int block) => Of(block).Barrier(++clock);

    private void Check(
        Warp warp, Instruction* instruction, int lane, nint address, Progress own, in Record now, in Record other, string verb,
        bool writes)
    {
        if (other.Time == 0 || other.Block == now.Block || (other.IsStrong && now.IsStrong)
            || own.Acquired(now.Thread) > (other.IsStrong ? other.Time : Of(other.Block).Released(other.Thread, other.Time)))
        {
            return;
        }

        throw warp.Fault(
            instruction, lane,
            $"race: it {(writes ? "writes" : "reads")} what block number {other.Block} {verb}, line " +
                $"{warp.Block.Launch.Kernel.LineOf(other.Index)}, in the same launch, with no fence and atomic operation between",
            address);
    }

    private Progress Of(int block) =>
        CollectionsMarshal.GetValueRefOrAddDefault(progress, block, out _) ??= new Progress();

    /// <summary>An access; at time 0 none.</summary>
    private readonly record struct Record(int Block, int Thread, long Time, int Index, bool IsStrong);

    private struct Word
    {
        public Record Write;

        /// <summary>The last one.</summary>
        public Record Read;

        /// <summary>The last one of another block than <see cref="Read"/>'s.</summary>
        public Record OtherRead;
    }

    /// <summary>What a block has released and acquired.</summary>
    private sealed class Progress
    {
        private const int All = -1;

        // Of threads: the last fence and the block's last barrier before it. First those with no barrier behind them, then the
        // others, both until a strong access releases what lies before them.
        private readonly Dictionary<int, (long Time, long Barrier)> fences = [];
        private readonly Dictionary<int, (long Time, long Barrier)> known = [];

        // Of threads, or of all: until when accesses are released, and since when.
        private readonly Dictionary<int, List<(long Until, long Since)>> released = [];

        // Of threads, since the last barrier: the last strong access.
        private readonly Dictionary<int, long> acquired = [];
        private long acquiredByAll;
        private long barrier;

        public void Fence(int thread, long time) => fences[thread] = (time, barrier);

        public void Barrier(long time)
        {
            barrier = time;
            foreach ((int thread, (long, long) fence) in fences)
            {
                known[thread] = fence;
            }

            acquiredByAll = acquired.Values.Append(acquiredByAll).Max();
            fences.Clear();
            acquired.Clear();
        }

        /// <summary>A strong access.</summary>
        public void Order(int thread, long time)
        {
            foreach ((int other, (long, long) fence) in known)
            {
                Release(other, fence, time);
            }

            known.Clear();
            if (fences.Remove(thread, out (long, long) last))
            {
                Release(thread, last, time);
            }

            acquired[thread] = time;
        }

        /// <summary>When a thread's access of some time was released; never: the end of time.</summary>
        public long Released(int thread, long time) => Math.Min(Since(thread, time), Since(All, time));

        public long Acquired(int thread) => Math.Max(acquiredByAll, acquired.GetValueOrDefault(thread));

        private void Release(int thread, (long Time, long Barrier) fence, long since)
        {
            Add(thread, fence.Time, since);
            Add(All, fence.Barrier, since);
        }

        private void Add(int thread, long until, long since)
        {
            List<(long Until, long Since)> list =
                CollectionsMarshal.GetValueRefOrAddDefault(released, thread, out _) ??= new List<(long Until, long Since)>(1);
            if (list.Count == 0 || list[^1].Until < until)
            {
                list.Add((until, since));
            }
        }

        private long Since(int thread, long time)
        {
            if (released.TryGetValue(thread, out List<(long Until, long Since)>? list))
            {
                foreach ((long until, long since) in list)
                {
                    if (until >= time)
                    {
                        return since;
                    }
                }
            }

            return long.MaxValue;
        }
    }
}
