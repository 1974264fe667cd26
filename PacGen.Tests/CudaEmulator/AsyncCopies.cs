using System.Numerics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// The asynchronous copies (cp.async) of a warp's lanes that are pending; bytes move only when a lane waits for them.
/// </summary>
internal sealed unsafe class AsyncCopies
{
    private readonly Queue<Copy>[] copies = [.. Enumerable.Range(0, Warp.Lanes).Select(_ => new Queue<Copy>())];
    private readonly int[] committed = new int[Warp.Lanes];

    public void Clear()
    {
        Array.Clear(committed);
        foreach (Queue<Copy> lane in copies)
        {
            lane.Clear();
        }
    }

    public void Add(int lane, int to, nint from, int bytes, int given, int index) =>
        copies[lane].Enqueue(new Copy(to, from, bytes, given, committed[lane], index));

    /// <summary>cp.async.commit_group.</summary>
    public static void Commit(Warp warp, Instruction* instruction)
    {
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            warp.Copies!.committed[BitOperations.TrailingZeroCount(rest)]++;
        }
    }

    /// <summary>
    /// cp.async.wait_group: all but the last <see cref="Instruction.Target"/> groups have come; wait_all: all copies.
    /// </summary>
    public static void Wait(Warp warp, Instruction* instruction)
    {
        AsyncCopies own = warp.Copies!;
        SharedShadow? shadow = warp.Block.Shadow;
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            int done = instruction->Target < 0 ? int.MaxValue : own.committed[lane] - instruction->Target;
            Queue<Copy> copies = own.copies[lane];
            while (copies.TryPeek(out Copy copy) && copy.Group < done)
            {
                copies.Dequeue();
                byte* to = warp.Block.Shared + copy.To;
                Buffer.MemoryCopy((void*)copy.From, to, copy.Bytes, copy.Given);
                new Span<byte>(to + copy.Given, copy.Bytes - copy.Given).Clear();
                shadow?.Arrive(warp, copy.Index, lane, copy.To, copy.Bytes);
            }
        }
    }

    /// <param name="To">Where in shared memory.</param>
    /// <param name="From">The address in global memory.</param>
    /// <param name="Bytes">How many bytes of shared memory are written.</param>
    /// <param name="Given">How many of them come from global memory; the others are zeros.</param>
    /// <param name="Group">How many groups its lane had committed before.</param>
    /// <param name="Index">The instruction's place.</param>
    private readonly record struct Copy(int To, nint From, int Bytes, int Given, int Group, int Index);
}
