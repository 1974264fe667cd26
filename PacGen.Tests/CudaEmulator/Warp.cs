using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// 32 threads. Lanes at the lowest instruction go first, so that, in the order of <see cref="ControlFlow"/>, divergent branches
/// meet again; a seed lets others go first for a while.
/// </summary>
internal sealed unsafe class Warp : IDisposable
{
    public const int Lanes = 32;

    private readonly byte* memory;
    private readonly int[] places = new int[Lanes];
    private uint masked;
    private uint started;
    private uint active;
    private uint parked;
    private uint atBarrier;
    private int pc;
    private int next;
    private int barrier;

    public Warp(ThreadBlock block, int index)
    {
        Block = block;
        Index = index;
        Code = block.Launch.Code;
        int bytes = block.Launch.Kernel.RegisterBytes;
        int local = block.Launch.Kernel.LocalBytes * Lanes;
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + local + (3 * 128)), 64);
        Mask32 = memory;
        Mask64 = memory + 128;
        Registers = memory + (3 * 128);
        Local = Registers + bytes;
        new Span<byte>(Registers, bytes + local).Clear();
        block.Launch.Kernel.FillConstants(Registers);
        Copies = block.Launch.Kernel.CopiesAsynchronously ? new AsyncCopies() : null;
    }

    public ThreadBlock Block { get; }

    public int Index { get; }

    /// <summary>Its lanes' registers.</summary>
    public byte* Registers { get; }

    /// <summary>The lanes that the instruction at hand is executed for.</summary>
    public uint Exec { get; private set; }

    /// <summary>The same as 32 words of no bits or all bits; valid unless all lanes execute.</summary>
    public byte* Mask32 { get; }

    public byte* Mask64 { get; }

    /// <summary>Lanes that have not ended.</summary>
    public uint Alive { get; private set; }

    /// <summary>Counts the barriers of its lanes (bar.warp.sync) since the block's last.</summary>
    public uint Synchronizations { get; set; }

    /// <summary>Asynchronous copies of its lanes; null where the kernel has none.</summary>
    public AsyncCopies? Copies { get; }

    /// <summary>The lanes' local memory, one after the other.</summary>
    public byte* Local { get; }

    public bool HasEnded => Alive == 0;

    public bool IsAtBarrier => Alive != 0 && atBarrier == Alive;

    private Instruction* Code { get; }

    /// <summary>Starts the lanes again at the kernel's head.</summary>
    public void Start(uint lanes)
    {
        Alive = lanes;
        started = lanes;
        active = 0;
        parked = 0;
        atBarrier = 0;
        masked = 0;
        Synchronizations = 0;
        Array.Clear(places);
        Copies?.Clear();
        Exec = 0;
        Regroup(null);
    }

    /// <summary>The lanes go on behind a barrier.</summary>
    public void Release()
    {
        atBarrier = 0;
        Synchronizations = 0;
        Regroup(null);
    }

    /// <summary>Executes up to so many instructions, until all lanes wait or have ended; says how many.</summary>
    public long Run(long budget, Random? order)
    {
        if (order is not null)
        {
            Save();
            budget = Math.Min(budget, Regroup(order));
        }

        long left = budget;
        long[]? issued = Block.Launch.Issued;
        while (left > 0 && active != 0)
        {
            left--;
            Instruction* instruction = Code + pc;
            uint mask = active;
            if (instruction->Guard >= 0)
            {
                mask &= *(uint*)(Registers + instruction->Guard) ^ instruction->Flip;
            }

            if (issued is not null)
            {
                issued[pc]++;
                if (mask != 0 && instruction->Space is MemorySpace.Global or MemorySpace.Shared)
                {
                    Execute(mask);
                    Block.Launch.Traffic!.Record(this, instruction);
                }
            }

            switch (instruction->Kind)
            {
                case InstructionKind.Plain:
                    if (mask != 0)
                    {
                        Execute(mask);
                        instruction->Run(this, instruction);
                    }

                    pc++;
                    break;
                case InstructionKind.Branch:
                    Branch(mask, instruction->Target);
                    break;
                case InstructionKind.UniformBranch:
                    if (mask != active && mask != 0)
                    {
                        throw Fault(
                            instruction, BitOperations.TrailingZeroCount(active & ~mask),
                            "bra.uni: it goes on where other lanes branch");
                    }

                    Branch(mask, instruction->Target);
                    break;
                case InstructionKind.Exit:
                    End(mask);
                    break;
                case InstructionKind.Barrier:
                    WaitForBlock(mask, instruction);
                    break;
                case InstructionKind.WarpSync:
                    WaitForLanes(mask, instruction);
                    break;
                default:
                    throw new InvalidOperationException($"{instruction->Kind}");
            }

            if (pc >= next)
            {
                Save();
                Regroup(null);
            }
        }

        return budget - left;
    }

    /// <summary>The place of a register's 32 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* At<T>(int place)
        where T : unmanaged => (T*)(Registers + place);

    public EmulatedFault Fault(Instruction* instruction, int lane, string what, nint? address = null) =>
        Block.Fault(instruction->Index, (Index * Lanes) + lane, what, address);

    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        GC.SuppressFinalize(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Execute(uint mask)
    {
        Exec = mask;
        if (mask != uint.MaxValue && mask != masked)
        {
            Expand(mask);
        }
    }

    private void Expand(uint mask)
    {
        masked = mask;
        Vector512<int> bits = Vector512.Create(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        for (int half = 0; half < 2; half++)
        {
            Vector512<int> lanes = Vector512.Equals(Vector512.Create((int)((mask >> (16 * half)) & 0xFFFF)) & bits, bits);
            lanes.Store((int*)Mask32 + (16 * half));
            (Vector512<long> low, Vector512<long> high) = Vector512.Widen(lanes);
            low.Store((long*)Mask64 + (16 * half));
            high.Store((long*)Mask64 + (16 * half) + 8);
        }
    }

    private void Branch(uint taken, int target)
    {
        if (taken == active)
        {
            pc = target;
        }
        else if (taken == 0)
        {
            pc++;
        }
        else
        {
            Set(taken, target);
            Set(active & ~taken, pc + 1);
            active = 0;
            Regroup(null);
            return;
        }
    }

    private void End(uint lanes)
    {
        if (lanes == 0)
        {
            pc++;
            return;
        }

        Set(active & ~lanes, pc + 1);
        active = 0;
        Alive &= ~lanes;
        Regroup(null);
    }

    private void WaitForBlock(uint lanes, Instruction* instruction)
    {
        if (lanes == 0)
        {
            pc++;
            return;
        }

        if (atBarrier != 0 && barrier != instruction->Index)
        {
            throw Fault(
                instruction, BitOperations.TrailingZeroCount(lanes),
                $"lanes of one warp wait at different barriers, others at line {Block.Launch.Kernel.LineOf(barrier)}");
        }

        barrier = instruction->Index;
        Set(active, pc + 1);
        atBarrier |= lanes;
        active = 0;
        Regroup(null);
    }

    private void WaitForLanes(uint lanes, Instruction* instruction)
    {
        if (lanes == 0)
        {
            pc++;
            return;
        }

        uint members = uint.MaxValue;
        if (instruction->Members >= 0)
        {
            uint* masks = At<uint>(instruction->Members);
            members = masks[BitOperations.TrailingZeroCount(lanes)];
            for (uint rest = lanes; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                if (masks[lane] != members || ((members >> lane) & 1) == 0)
                {
                    throw Fault(
                        instruction, lane, $"its member mask 0x{masks[lane]:x8} lacks the lane or differs from another lane's");
                }
            }
        }
        else if (Alive != started)
        {
            throw Fault(
                instruction, BitOperations.TrailingZeroCount(lanes),
                $"lanes 0x{started & ~Alive:x8} have ended, and all must execute it");
        }

        if (lanes != active)
        {
            Set(active & ~lanes, pc + 1);
            next = Math.Min(next, pc + 1);
            active = lanes;
        }

        uint here = lanes;
        for (uint rest = parked; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            here |= places[lane] == pc ? 1u << lane : 0;
        }

        if ((members & Alive & ~here) != 0)
        {
            Set(active, pc);
            parked |= lanes;
            active = 0;
            Regroup(null);
            return;
        }

        parked &= ~here;
        active = here;
        Execute(here);
        instruction->Run(this, instruction);
        pc++;
    }

    private void Set(uint lanes, int place)
    {
        for (; lanes != 0; lanes &= lanes - 1)
        {
            places[BitOperations.TrailingZeroCount(lanes)] = place;
        }
    }

    private void Save()
    {
        Set(active, pc);
        active = 0;
    }

    // Chooses the lanes that go on, and returns for how many instructions at most; places of all lanes are saved.
    private int Regroup(Random? order)
    {
        Set(active, pc);
        active = 0;
        next = int.MaxValue;
        pc = 0;
        uint ready = Alive & ~parked & ~atBarrier;
        if (ready == 0)
        {
            if (parked != 0)
            {
                int lane = BitOperations.TrailingZeroCount(parked);
                throw Block.Fault(
                    places[lane], (Index * Lanes) + lane,
                    $"it waits for lanes that never come: lanes 0x{parked:x8} are there, 0x{atBarrier:x8} at a barrier, " +
                        $"0x{Alive:x8} have not ended");
            }

            return 1;
        }

        int chosen = int.MaxValue, slice = int.MaxValue;
        if (order is not null && order.Next(4) == 0)
        {
            int skip = order.Next(BitOperations.PopCount(ready));
            uint rest = ready;
            for (; skip > 0; skip--)
            {
                rest &= rest - 1;
            }

            chosen = places[BitOperations.TrailingZeroCount(rest)];
            slice = 1 + order.Next(24);
        }
        else
        {
            for (uint rest = ready; rest != 0; rest &= rest - 1)
            {
                chosen = Math.Min(chosen, places[BitOperations.TrailingZeroCount(rest)]);
            }
        }

        for (uint rest = ready; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            if (places[lane] == chosen)
            {
                active |= 1u << lane;
            }
            else if (places[lane] > chosen)
            {
                next = Math.Min(next, places[lane]);
            }
        }

        pc = chosen;
        return slice;
    }
}
