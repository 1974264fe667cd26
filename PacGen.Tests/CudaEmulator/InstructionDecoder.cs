using System.Globalization;
using System.Text.RegularExpressions;

namespace PacGen.Tests.CudaEmulator;

/// <summary>Makes instructions of a body's statements, and finds places for what they name.</summary>
internal sealed unsafe partial class InstructionDecoder
{
    private readonly IReadOnlyList<PtxStatement> statements;
    private readonly IReadOnlyDictionary<string, int> parameters;
    private readonly Dictionary<string, long> symbols = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> labels = new(StringComparer.Ordinal);
    private readonly List<PtxStatement> sources = [];
    private readonly IReadOnlyDictionary<string, int> dynamic;
    private PtxStatement statement;

    public InstructionDecoder(
        IReadOnlyList<PtxStatement> statements, IReadOnlyDictionary<string, int> parameters,
        IReadOnlyDictionary<string, int> dynamic)
    {
        this.statements = statements;
        this.parameters = parameters;
        this.dynamic = dynamic;
    }

    public RegisterFile Registers { get; } = new();

    public int StaticSharedBytes { get; private set; }

    public int LocalBytes { get; private set; }

    public int SharedShift { get; private set; } = 2;

    public bool CopiesAsynchronously { get; private set; }

    /// <summary>The statements of the instructions.</summary>
    public IReadOnlyList<PtxStatement> Sources => sources;

    public Instruction[] Decode()
    {
        foreach (PtxStatement one in statements)
        {
            statement = one;
            if (one.IsLabel)
            {
                labels.Add(one.Text, sources.Count);
            }
            else if (one.Text[0] == '.')
            {
                Declare(one.Text);
            }
            else
            {
                sources.Add(one);
            }
        }

        // Dynamic shared memory lies behind the static, at a multiple of no more than it asks for.
        StaticSharedBytes = ((StaticSharedBytes + 15) / 16 * 16)
            + dynamic.Values.Select(align => align % 16).DefaultIfEmpty().Max();
        foreach (string name in dynamic.Keys)
        {
            symbols[name] = StaticSharedBytes;
        }

        // The last instruction ends what runs past the text.
        Instruction[] code = GC.AllocateArray<Instruction>(sources.Count + 1, pinned: true);
        for (int i = 0; i < sources.Count; i++)
        {
            statement = sources[i];
            code[i] = Decode(sources[i].Text);
            code[i].Index = i;
        }

        sources.Add(new PtxStatement("ret", statements.Count == 0 ? 0 : statements[^1].Line, false));
        code[^1] = new Instruction { Kind = InstructionKind.Exit, Guard = -1, Index = code.Length - 1 };
        return code;
    }

    private void Declare(string text)
    {
        Match registers = RegisterLine().Match(text), array = ArrayLine().Match(text);
        if (registers.Success)
        {
            Registers.Declare(registers.Groups[1].Value, registers.Groups[2].Value);
        }
        else if (array.Success)
        {
            int size = PtxKernel.SizeOf(array.Groups[3].Value);
            int align = array.Groups[2].Success ? int.Parse(array.Groups[2].Value, CultureInfo.InvariantCulture) : size;
            int bytes = size * (array.Groups[5].Success ? int.Parse(array.Groups[5].Value, CultureInfo.InvariantCulture) : 1);
            bool isShared = array.Groups[1].Value == "shared";
            int place = ((isShared ? StaticSharedBytes : LocalBytes) + align - 1) / align * align;
            if (isShared && bytes >= 16 && place % 16 == 0)
            {
                // At a multiple of no more than what it asks for: whoever reads 16 bytes at a time has to ask.
                place += align % 16;
            }

            symbols.Add(array.Groups[4].Value, place);
            if (isShared)
            {
                StaticSharedBytes = place + bytes;
            }
            else
            {
                LocalBytes = (place + bytes + 15) / 16 * 16;
            }
        }
        else if (!text.StartsWith(".pragma", StringComparison.Ordinal) && !text.StartsWith(".loc", StringComparison.Ordinal))
        {
            throw Refuse("this declaration is not emulated");
        }
    }

    private Instruction Decode(string text)
    {
        Match match = Line().Match(text);
        Instruction instruction = new() { Guard = -1, Members = -1 };
        if (match.Groups[2].Success)
        {
            instruction.Guard = Registers.Register(match.Groups[2].Value, 0) ?? throw Refuse("its guard is no predicate");
            instruction.Flip = match.Groups[1].Value == "!" ? uint.MaxValue : 0;
        }

        string name = match.Groups[3].Value;
        string[] operands = Split(match.Groups[4].Value);
        string[] parts = name.Split('.');
        if (name is "mov.b64" && operands.Length == 2 && operands.Any(operand => operand[0] == '{'))
        {
            Pack(ref instruction, operands);
        }
        else if (ArithmeticTable.TryFind(name, out (nint Handler, string[] Types) row))
        {
            Compute(ref instruction, row.Handler, row.Types, operands);
        }
        else
        {
            Other(ref instruction, name, parts, operands);
        }

        return instruction;
    }

    private void Compute(ref Instruction instruction, nint handler, string[] types, string[] operands)
    {
        Expect(operands, types.Length);
        instruction.Run = (delegate*<Warp, Instruction*, void>)handler;
        instruction.D = Target(operands[0], types[0]);
        instruction.A = Source(operands[1], types[1]);
        instruction.B = types.Length > 2 ? Source(operands[2], types[2]) : 0;
        instruction.C = types.Length > 3 ? Source(operands[3], types[3]) : 0;
    }

    private void Pack(ref Instruction instruction, string[] operands)
    {
        bool joins = operands[1][0] == '{';
        string[] halves = Split(operands[joins ? 1 : 0][1..^1]);
        Expect(halves, 2);
        instruction.List = Places([.. halves.Select(half => joins ? Source(half, "b32") : Target(half, "b32"))]);
        instruction.Run = joins ? &Elementwise.Join : &Elementwise.Split;
        instruction.D = joins ? Target(operands[0], "b64") : 0;
        instruction.A = joins ? 0 : Source(operands[1], "b64");
    }

    private void Other(ref Instruction instruction, string name, string[] parts, string[] operands)
    {
        switch (parts[0])
        {
            case "bra":
                Expect(operands, 1);
                instruction.Kind = parts is ["bra", "uni"] ? InstructionKind.UniformBranch : InstructionKind.Branch;
                instruction.Target = labels.TryGetValue(operands[0], out int target) ? target
                    : throw Refuse("there is no such label");
                break;
            case "ret" or "exit":
                instruction.Kind = InstructionKind.Exit;
                break;
            case "trap":
                instruction.Run = &Trap;
                break;
            case "ld" or "st":
                LoadOrStore(ref instruction, parts, operands);
                break;
            case "atom" or "red":
                Atomic(ref instruction, parts, operands);
                break;
            case "membar" or "fence":
                instruction.Run = parts[^1] switch
                {
                    "gl" or "gpu" or "sys" => &MemoryAccess.Fence,
                    "cta" => &MemoryAccess.FenceOfBlock,
                    _ => throw Refuse("this fence is not emulated"),
                };
                break;
            case "cvta":
                Window(ref instruction, parts, operands);
                break;
            case "bar" or "barrier":
                Barrier(ref instruction, name, operands);
                break;
            case "shfl" or "vote" or "match" or "activemask":
                Exchange(ref instruction, name, parts, operands);
                break;
            case "ldmatrix" or "mma":
                Matrix(ref instruction, name, operands);
                break;
            case "cp":
                Copy(ref instruction, name, operands);
                break;
            case "lop3" when name == "lop3.b32":
                Expect(operands, 5);
                Compute(ref instruction, (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Logic,
                    ["b32", "b32", "b32", "b32"], operands[..4]);
                instruction.Target = (int)Literal(operands[4], 4);
                break;
            case "bfi" when name == "bfi.b32":
                Expect(operands, 5);
                Compute(ref instruction, (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Insert,
                    ["b32", "b32", "b32", "u32"], operands[..4]);
                instruction.Count = Source(operands[4], "u32");
                break;
            default:
                throw Refuse("this instruction is not emulated");
        }
    }

    private static void Trap(Warp warp, Instruction* instruction) => throw warp.Fault(
        instruction, System.Numerics.BitOperations.TrailingZeroCount(warp.Exec), "the kernel stopped itself");

    private void Barrier(ref Instruction instruction, string name, string[] operands)
    {
        if (name is "bar.warp.sync")
        {
            Expect(operands, 1);
            instruction.Kind = InstructionKind.WarpSync;
            instruction.Members = Source(operands[0], "b32");
            instruction.Run = &WarpInstructions.Synchronize;
        }
        else if (name is "bar.sync" or "barrier.sync" or "barrier.sync.aligned" or "bar.cta.sync")
        {
            Expect(operands, 1);
            instruction.Kind = operands[0] == "0" ? InstructionKind.Barrier : throw Refuse("of a block's barriers 0 is emulated");
        }
        else
        {
            throw Refuse("this barrier is not emulated");
        }
    }

    private void Exchange(ref Instruction instruction, string name, string[] parts, string[] operands)
    {
        if (name == "activemask.b32")
        {
            Expect(operands, 1);
            instruction.Run = &WarpInstructions.Vote;
            instruction.Target = 'm';
            instruction.D = Target(operands[0], "b32");
            return;
        }

        instruction.Kind = InstructionKind.WarpSync;
        instruction.Members = Source(operands[^1], "b32");
        if (parts is ["shfl", "sync", "up" or "down" or "bfly" or "idx", "b32"])
        {
            Expect(operands, 5);
            string[] results = operands[0].Split('|');
            instruction.Run = &WarpInstructions.Shuffle;
            instruction.Target = parts[2][0];
            instruction.D = Target(results[0], "b32");
            instruction.Count = results.Length > 1 ? Target(results[1], "pred") : -1;
            instruction.A = Source(operands[1], "b32");
            instruction.B = Source(operands[2], "b32");
            instruction.C = Source(operands[3], "b32");
        }
        else if (name is "vote.sync.all.pred" or "vote.sync.any.pred" or "vote.sync.uni.pred" or "vote.sync.ballot.b32")
        {
            Expect(operands, 3);
            instruction.Run = &WarpInstructions.Vote;
            instruction.Target = parts[2] switch { "all" => 'a', "any" => 'o', "uni" => 'u', _ => 'b' };
            instruction.D = Target(operands[0], parts[3]);
            instruction.A = Source(operands[1], "pred");
        }
        else if (name is "match.any.sync.b32" or "match.sync.any.b32")
        {
            Expect(operands, 3);
            instruction.Run = &WarpInstructions.Match;
            instruction.D = Target(operands[0], "b32");
            instruction.A = Source(operands[1], "b32");
        }
        else
        {
            throw Refuse("this instruction is not emulated");
        }
    }

    private void Matrix(ref Instruction instruction, string name, string[] operands)
    {
        instruction.Kind = InstructionKind.WarpSync;
        if (LoadMatrix().Match(name) is { Success: true } load)
        {
            Expect(operands, 2);
            string[] results = Vector(operands[0]);
            instruction.Run = &WarpInstructions.LoadMatrices;
            instruction.Count = load.Groups[1].Value[0] - '0';
            Expect(results, instruction.Count);
            instruction.Target = load.Groups[2].Success ? 1 : 0;
            instruction.Space = MemorySpace.Shared;
            instruction.Reads = true;
            instruction.Bytes = 4;
            instruction.List = Places([.. results.Select(result => Target(result, "b32"))]);
            (instruction.A, instruction.Offset) = Address(operands[1]);
            return;
        }

        (int left, int right, int terms) = name switch
        {
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32" => (4, 2, 8),
            "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32" => (2, 1, 8),
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32" => (4, 2, 16),
            _ => throw Refuse("this product of matrices is not emulated"),
        };
        Expect(operands, 4);
        string[][] vectors = [.. operands.Select(Vector)];
        Expect(vectors[0], 4);
        Expect(vectors[1], left);
        Expect(vectors[2], right);
        Expect(vectors[3], 4);
        instruction.Run = name.Contains("tf32", StringComparison.Ordinal)
            ? &WarpInstructions.MultiplyTf32 : &WarpInstructions.MultiplyBFloat16;
        instruction.Target = terms;
        instruction.List = Places(
            [.. vectors[0].Select(result => Target(result, "f32")), .. vectors[1..].SelectMany(vector => vector).Select(
                source => Source(source, "b32"))]);
    }

    private EmulatedFault Refuse(string what) => new($"line {statement.Line}: {statement.Text}: {what}");

    private void Expect(string[] operands, int count)
    {
        if (operands.Length != count)
        {
            throw Refuse($"it has {operands.Length} operands where {count} are expected");
        }
    }

    private int Target(string operand, string type) => Registers.Register(operand, RegisterFile.WidthOf(type))
        ?? throw Refuse($"{operand} is no register of type {type}");

    // Of a register, a special one, a number or an address.
    private int Source(string operand, string type)
    {
        int width = RegisterFile.WidthOf(type);
        if (Registers.Register(operand, width) is { } place)
        {
            return place;
        }

        if (operand[0] == '%')
        {
            return width == 4 && SpecialRegister().IsMatch(operand) ? Registers.Special(operand)
                : throw Refuse($"{operand} is no register of type {type}");
        }

        return Registers.Constant(
            symbols.TryGetValue(operand, out long address) ? (ulong)address : Literal(operand, width), width);
    }

    // A literal's bits.
    private ulong Literal(string text, int width)
    {
        bool negative = text[0] == '-';
        string digits = negative ? text[1..] : text;
        try
        {
            if (digits.StartsWith("0f", StringComparison.OrdinalIgnoreCase) && width == 4
                || digits.StartsWith("0d", StringComparison.OrdinalIgnoreCase) && width == 8)
            {
                ulong bits = ulong.Parse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                return negative ? bits ^ (width == 4 ? 1UL << 31 : 1UL << 63) : bits;
            }

            ulong number = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
                ? ulong.Parse(digits.AsSpan(2).TrimEnd('U'), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                : ulong.Parse(digits.AsSpan().TrimEnd('U'), CultureInfo.InvariantCulture);
            ulong value = negative ? 0 - number : number;
            return width == 4 ? (uint)value : value;
        }
        catch (FormatException)
        {
            throw Refuse($"{text} is no register and no number of its type");
        }
    }

    private static string[] Vector(string operand) => operand[0] == '{' ? Split(operand[1..^1]) : [operand];

    // [register + number], [symbol + number]
    private (int Place, long Offset) Address(string operand)
    {
        Match match = AddressForm().Match(operand);
        if (!match.Success)
        {
            throw Refuse($"{operand} is no address");
        }

        long offset = match.Groups[2].Success
            ? long.Parse(match.Groups[2].Value.Replace("+", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) : 0;
        return (Source(match.Groups[1].Value, "b64"), offset);
    }

    private static int* Places(int[] places)
    {
        // Never given back: a test run's modules live nearly as long as its process.
        int* list = (int*)System.Runtime.InteropServices.NativeMemory.Alloc((nuint)places.Length, sizeof(int));
        places.CopyTo(new Span<int>(list, places.Length));
        return list;
    }

    // At commas outside braces and brackets.
    private static string[] Split(string operands)
    {
        List<string> parts = [];
        int depth = 0, start = 0;
        for (int i = 0; i <= operands.Length; i++)
        {
            if (i == operands.Length || (operands[i] == ',' && depth == 0))
            {
                string part = operands[start..i].Replace(" ", "", StringComparison.Ordinal);
                if (part.Length > 0)
                {
                    parts.Add(part);
                }

                start = i + 1;
            }
            else
            {
                depth += operands[i] is '{' or '[' ? 1 : operands[i] is '}' or ']' ? -1 : 0;
            }
        }

        return [.. parts];
    }

    [GeneratedRegex(@"^(?:@(!?)(\S+) )?([\w.:]+)(?: (.*))?$")]
    private static partial Regex Line();

    [GeneratedRegex(@"^\.reg \.(\w+) (.+)$")]
    private static partial Regex RegisterLine();

    [GeneratedRegex(@"^\.(shared|local)(?: \.align (\d+))? \.([busf]\d+) ([\w$.%]+) ?(?:\[ ?(\d+) ?\])?$")]
    private static partial Regex ArrayLine();

    [GeneratedRegex(@"^ldmatrix\.sync\.aligned\.m8n8\.x([124])(\.trans)?\.shared\.b16$")]
    private static partial Regex LoadMatrix();

    [GeneratedRegex(@"^\[([\w$.%]+)(\+?-?\d+)?\]$")]
    private static partial Regex AddressForm();

    [GeneratedRegex(
        @"^%(n?tid\.[xyz]|n?ctaid\.[xyz]|laneid|n?warpid|dynamic_smem_size|total_smem_size|lanemask_(eq|lt|le|gt|ge))$")]
    private static partial Regex SpecialRegister();
}
