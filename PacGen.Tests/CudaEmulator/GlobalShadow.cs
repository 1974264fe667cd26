using System.Runtime.InteropServices;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// Who read and who wrote each word of global memory in one launch. Accesses of different blocks to a word, of which one writes,
/// are a race unless the first block passed a fence and then an atomic operation behind its access, and the second an atomic
/// operation after that: the pattern of a last block that sums what others left.
/// </summary>
internal sealed unsafe class GlobalShadow
{
    private readonly Dictionary<nint, Access4> words = [];
    private readonly Dictionary<int, Progress> progress = [];
    private long clock;

    public void Read(Warp warp, Instruction* instruction, int lane, nint address, int bytes) =>
        Access(warp, instruction, lane, address, bytes, writes: false, atomic: false);

    public void Access(Warp warp, Instruction* instruction, int lane, nint address, int bytes, bool writes, bool atomic)
    {
        int block = warp.Block.Number;
        Progress own = Of(block);
        clock++;
        if (atomic)
        {
            own.Released = own.Fenced;
            own.ReleasedAt = clock;
            own.Acquired = clock;
            return;
        }

        for (nint word = address & ~3; word < address + bytes; word += 4)
        {
            ref Access4 access = ref CollectionsMarshal.GetValueRefOrAddDefault(words, word, out bool isThere);
            if (isThere)
            {
                Check(warp, instruction, lane, word, own, access.Writer, access.Written, access.WriteIndex, "wrote", writes);
                if (writes)
                {
                    Check(warp, instruction, lane, word, own, access.Reader, access.Read, access.ReadIndex, "read", writes);
                }
            }
            else
            {
                access.Writer = access.Reader = -1;
            }

            if (writes)
            {
                (access.Writer, access.Written, access.WriteIndex) = (block, clock, instruction->Index);
            }
            else
            {
                (access.Reader, access.Read, access.ReadIndex) = (block, clock, instruction->Index);
            }
        }
    }

    public void Fence(ThreadBlock block) => Of(block.Number).Fenced = ++clock;

    private void Check(
        Warp warp, Instruction* instruction, int lane, nint address, Progress own, int other, long when, int index, string verb,
        bool writes)
    {
        if (other < 0 || other == warp.Block.Number)
        {
            return;
        }

        Progress theirs = Of(other);
        if (theirs.Released >= when && own.Acquired > theirs.ReleasedAt)
        {
            return;
        }

        throw warp.Fault(
            instruction, lane,
            $"race: it {(writes ? "writes" : "reads")} what block number {other} {verb}, line " +
                $"{warp.Block.Launch.Kernel.LineOf(index)}, in the same launch, with no fence and atomic operation between",
            address);
    }

    private Progress Of(int block)
    {
        if (!progress.TryGetValue(block, out Progress? own))
        {
            progress.Add(block, own = new Progress());
        }

        return own;
    }

    private struct Access4
    {
        public int Writer;
        public int Reader;
        public int WriteIndex;
        public int ReadIndex;
        public long Written;
        public long Read;
    }

    /// <summary>
    /// Times of a block: of its last fence, of what an atomic operation behind that made known, and of its last atomic.
    /// </summary>
    private sealed class Progress
    {
        public long Fenced { get; set; } = -1;

        public long Released { get; set; } = -1;

        public long ReleasedAt { get; set; } = -1;

        public long Acquired { get; set; } = -1;
    }
}
