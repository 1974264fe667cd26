using System.Globalization;
using System.Text.RegularExpressions;

namespace PacGen.Tests.CudaEmulator;

/// <summary>A kernel of a <see cref="PtxModule"/>, decoded.</summary>
internal sealed unsafe partial class PtxKernel
{
    private readonly Instruction[] code;
    private readonly InstructionDecoder decoder;
    private readonly int blocksEach;

    internal PtxKernel(
        string name, string parameters, string directives, IReadOnlyList<PtxStatement> statements,
        IReadOnlyDictionary<string, int> dynamic)
    {
        Name = name;
        List<(int Offset, int Bytes)> places = [];
        Dictionary<string, int> offsets = new(StringComparer.Ordinal);
        foreach (Match match in Parameter().Matches(parameters))
        {
            int size = SizeOf(match.Groups[2].Value);
            int align = match.Groups[1].Success ? Number(match.Groups[1].Value) : size;
            int bytes = size * (match.Groups[4].Success ? Number(match.Groups[4].Value) : 1);
            int offset = (ParameterBytes + align - 1) / align * align;
            places.Add((offset, bytes));
            offsets.Add(match.Groups[3].Value, offset);
            ParameterBytes = offset + bytes;
        }

        Parameters = places;
        MaxThreads = 1024;
        foreach (Match match in Directive().Matches(directives))
        {
            int[] numbers = [.. match.Groups[2].Value.Split(',').Select(Number)];
            if (match.Groups[1].Value == "minnctapersm")
            {
                blocksEach = numbers[0];
            }
            else
            {
                MaxThreads = numbers.Aggregate(1, (product, number) => product * number);
            }
        }

        decoder = new InstructionDecoder(ControlFlow.Order(statements), offsets, dynamic);
        code = decoder.Decode();
    }

    public string Name { get; }

    public int ParameterBytes { get; }

    public IReadOnlyList<(int Offset, int Bytes)> Parameters { get; }

    public int StaticSharedBytes => decoder.StaticSharedBytes;

    /// <summary>The most threads of a block.</summary>
    public int MaxThreads { get; }

    /// <summary>A thread's registers: those that are declared, within what the kernel's promise of blocks leaves.</summary>
    public int Registers => Math.Min(
        Math.Min(decoder.Registers.Words, 255), blocksEach == 0 ? 255 : 65536 / (blocksEach * MaxThreads) / 8 * 8);

    /// <summary>The kernel's instructions.</summary>
    internal int Length => code.Length;

    internal Instruction* Code => (Instruction*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(code, 0);

    /// <summary>Bytes of a warp's registers.</summary>
    internal int RegisterBytes => decoder.Registers.Bytes;

    /// <summary>Bytes of a thread's local memory.</summary>
    internal int LocalBytes => decoder.LocalBytes;

    /// <summary>The logarithm of the least bytes of shared memory that an instruction accesses.</summary>
    internal int SharedShift => decoder.SharedShift;

    internal bool CopiesAsynchronously => decoder.CopiesAsynchronously;

    /// <summary>The special registers that it reads, and their places.</summary>
    internal IReadOnlyDictionary<string, int> Specials => decoder.Registers.Specials;

    /// <summary>Runs all blocks and waits.</summary>
    /// <exception cref="EmulatedFault">The kernel does what a GPU or its checkers would report.</exception>
    public void Run(
        Dim3 grid, Dim3 block, int dynamicSharedBytes, ReadOnlySpan<byte> parameters, DeviceMemory memory,
        RunOptions? options = null)
    {
        if (parameters.Length < ParameterBytes)
        {
            throw new EmulatedFault($"{Name}: {parameters.Length} bytes of parameters; it has {ParameterBytes}");
        }

        if (block.Count > MaxThreads || block.Count < 1 || grid.Count < 1)
        {
            throw new EmulatedFault($"{Name}: a grid of {grid} and blocks of {block}; a block has at most {MaxThreads} threads");
        }

        // The instructions remember the allocation that they touched last.
        lock (code)
        {
            for (int i = 0; i < code.Length; i++)
            {
                code[i].RangeStarts = 0;
            }

            fixed (byte* given = parameters)
            {
                new GridLaunch(this, grid, block, dynamicSharedBytes, given, memory, options ?? new RunOptions()).Run();
            }
        }
    }

    /// <summary>Writes the constants among a warp's registers.</summary>
    internal void FillConstants(byte* registers)
    {
        foreach (((ulong bits, int width), int place) in decoder.Registers.Constants)
        {
            if (width == 8)
            {
                new Span<ulong>(registers + place, Warp.Lanes).Fill(bits);
            }
            else if (width == 4)
            {
                new Span<uint>(registers + place, Warp.Lanes).Fill((uint)bits);
            }
            else
            {
                *(uint*)(registers + place) = bits != 0 ? uint.MaxValue : 0;
            }
        }
    }

    internal int LineOf(int index) => decoder.Sources[Math.Min(index, code.Length - 1)].Line;

    internal string TextOf(int index) => decoder.Sources[Math.Min(index, code.Length - 1)].Text;

    /// <summary>An instruction's operation, with the space of memory.</summary>
    internal string KindOf(int index)
    {
        string[] parts = Guard().Replace(TextOf(index), "").Split(' ')[0].Split('.');
        string space = parts[0] is "ld" or "st" or "atom" or "red"
            ? parts.FirstOrDefault(part => part is "global" or "shared" or "local" or "param") ?? "generic" : "";
        return parts is ["cp", "async", "ca" or "cg", ..] ? "cp.async" : space.Length > 0 ? $"{parts[0]}.{space}" : parts[0];
    }

    internal static int SizeOf(string type) => int.Parse(type.AsSpan(1), CultureInfo.InvariantCulture) / 8;

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\.param\s+(?:\.align\s+(\d+)\s+)?\.([busf]\d+)\s+([\w$.%]+)\s*(?:\[(\d+)\])?")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\.(maxntid|reqntid|minnctapersm)\s+([\d,\s]*\d)")]
    private static partial Regex Directive();

    [GeneratedRegex(@"^@!?\S+ ")]
    private static partial Regex Guard();
}
