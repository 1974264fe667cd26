namespace PacGen.Tests.CudaEmulator;

/// <summary>What the loop over a warp's instructions must know of one.</summary>
internal enum InstructionKind
{
    /// <summary>Changes registers and memory alone.</summary>
    Plain,

    Branch,

    /// <summary>A branch that says of all lanes that they take it or none does (`.uni`).</summary>
    UniformBranch,

    Exit,

    /// <summary>Waits for the block's threads.</summary>
    Barrier,

    /// <summary>Waits for the lanes of a member mask, or for all where it is `.aligned`.</summary>
    WarpSync,
}

/// <summary>Where a memory instruction reads or writes.</summary>
internal enum MemorySpace
{
    None,
    Global,
    Shared,
    Local,
    Parameter,
    Generic,
}

/// <summary>
/// One instruction, decoded. Registers, constants and special registers alike are places in a warp's register file: 32 lanes of 4
/// or 8 bytes, or for a predicate one word with a bit a lane.
/// </summary>
internal unsafe struct Instruction
{
    /// <summary>What it does for the lanes of <see cref="Warp.Exec"/>.</summary>
    public delegate*<Warp, Instruction*, void> Run;

    public InstructionKind Kind;

    public MemorySpace Space;

    /// <summary>The predicate it is guarded by; −1 for none.</summary>
    public int Guard;

    /// <summary>All bits where the guard is negated.</summary>
    public uint Flip;

    /// <summary>The places of the result and of the arguments; or what the instruction's handler says.</summary>
    public int D;

    public int A;
    public int B;
    public int C;

    /// <summary>The places of the registers of a vector, or of a matrix' fragments.</summary>
    public int* List;

    /// <summary>How many of them, for a load or a store.</summary>
    public int Count;

    /// <summary>Bytes of one element in memory.</summary>
    public int Bytes;

    /// <summary>What is added to an address.</summary>
    public long Offset;

    /// <summary>Where a branch leads; for others a number that the handler knows.</summary>
    public int Target;

    /// <summary>Its place in the kernel.</summary>
    public int Index;

    /// <summary>Whether it writes memory.</summary>
    public bool Writes;

    /// <summary>Whether it reads memory.</summary>
    public bool Reads;

    /// <summary>
    /// Whether blocks may access the same memory by it at once: an atomic operation, or a volatile access or its like, of a scope
    /// wider than a block.
    /// </summary>
    public bool IsStrong;

    /// <summary>The allocation that it touched last, and how many bytes from its start on an access may begin.</summary>
    public nint RangeStart;

    public ulong RangeStarts;

    /// <summary><see cref="DeviceMemory.ToMark"/> of that allocation.</summary>
    public nint RangeToMark;

    /// <summary>The member mask's place, for a <see cref="InstructionKind.WarpSync"/>; −1 for all lanes.</summary>
    public int Members;
}
