using System.Numerics;

namespace PacGen.Tests.CudaEmulator;

/// <content>Loads, stores, atomic operations, asynchronous copies.</content>
internal sealed unsafe partial class InstructionDecoder
{
    // What says how caches and other threads see an access: all accesses here are seen at once.
    private static readonly HashSet<string> Hints = new(StringComparer.Ordinal)
    {
        "volatile", "relaxed", "acquire", "release", "acq_rel", "weak", "gpu", "cta", "sys", "ca", "cg", "cs", "lu", "cv", "wb",
            "wt",
        "nc",
    };

    // Those by which other blocks may see an access as soon as it is done.
    private static readonly string[] Orders = ["volatile", "relaxed", "acquire", "release"];

    private static readonly Dictionary<string, nint> Atomics = BuildAtomics();

    private void LoadOrStore(ref Instruction instruction, string[] parts, string[] operands)
    {
        Expect(operands, 2);
        bool loads = parts[0] == "ld";
        string type = parts[^1];
        int count = 1;
        instruction.Space = MemorySpace.Generic;
        foreach (string part in parts[1..^1])
        {
            switch (part)
            {
                case "global" or "shared" or "local" or "param":
                    instruction.Space = SpaceOf(part);
                    break;
                case "v2" or "v4":
                    count = part[1] - '0';
                    break;
                default:
                    if (!Hints.Contains(part))
                    {
                        throw Refuse("this access is not emulated");
                    }

                    break;
            }
        }

        string[] registers = Vector(operands[loads ? 0 : 1]);
        Expect(registers, count);
        string address = operands[loads ? 1 : 0];
        instruction.Count = count;
        instruction.Bytes = PtxKernel.SizeOf(type);
        instruction.Reads = loads;
        instruction.Writes = !loads;
        instruction.IsStrong = !parts.Contains("cta") && parts.Intersect(Orders).Any();
        instruction.List = Places(
            [.. registers.Select(register => loads ? Target(register, type) : Source(register, type))]);
        if (instruction.Space == MemorySpace.Parameter)
        {
            Parameter(ref instruction, type, address, loads);
            return;
        }

        (instruction.A, instruction.Offset) = Address(address);
        Narrow(instruction.Space, instruction.Bytes);
        instruction.Run = (type, loads) switch
        {
            ("b64" or "u64" or "s64" or "f64", true) => &MemoryAccess.Load<ulong>,
            ("b64" or "u64" or "s64" or "f64", false) => &MemoryAccess.Store<ulong>,
            ("b32" or "u32" or "s32" or "f32", true) => &MemoryAccess.Load<uint>,
            ("b32" or "u32" or "s32" or "f32", false) => &MemoryAccess.Store<uint>,
            ("b16" or "u16", true) => &MemoryAccess.LoadShort<ushort>,
            ("s16", true) => &MemoryAccess.LoadShort<short>,
            ("b16" or "u16" or "s16", false) => &MemoryAccess.StoreShort<ushort>,
            ("b8" or "u8", true) => &MemoryAccess.LoadShort<byte>,
            ("s8", true) => &MemoryAccess.LoadShort<sbyte>,
            ("b8" or "u8" or "s8", false) => &MemoryAccess.StoreShort<byte>,
            _ => throw Refuse("this type is not emulated"),
        };
    }

    private void Parameter(ref Instruction instruction, string type, string address, bool loads)
    {
        System.Text.RegularExpressions.Match match = AddressForm().Match(address);
        if (!loads || !match.Success || !parameters.TryGetValue(match.Groups[1].Value, out int place))
        {
            throw Refuse("no parameter of the kernel");
        }

        instruction.Offset = place + (match.Groups[2].Success
            ? int.Parse(match.Groups[2].Value.Replace("+", "", StringComparison.Ordinal),
                System.Globalization.CultureInfo.InvariantCulture) : 0);
        instruction.Run = type switch
        {
            "b64" or "u64" or "s64" or "f64" => &MemoryAccess.LoadParameter<ulong>,
            "b32" or "u32" or "s32" or "f32" => &MemoryAccess.LoadParameter<uint>,
            "b16" or "u16" => &MemoryAccess.LoadShortParameter<ushort>,
            "s16" => &MemoryAccess.LoadShortParameter<short>,
            "b8" or "u8" => &MemoryAccess.LoadShortParameter<byte>,
            "s8" => &MemoryAccess.LoadShortParameter<sbyte>,
            _ => throw Refuse("this type is not emulated"),
        };
    }

    private void Atomic(ref Instruction instruction, string[] parts, string[] operands)
    {
        string type = parts[^1], operation = "";
        instruction.Space = MemorySpace.Generic;
        foreach (string part in parts[1..^1])
        {
            if (part is "global" or "shared")
            {
                instruction.Space = SpaceOf(part);
            }
            else if (!Hints.Contains(part))
            {
                operation = part;
            }
        }

        bool returns = parts[0] == "atom";
        int first = returns ? 1 : 0, arguments = operation == "cas" ? 2 : 1;
        Expect(operands, first + 1 + arguments);
        if (!Atomics.TryGetValue($"{operation}.{type}", out nint handler))
        {
            throw Refuse("this atomic operation is not emulated");
        }

        instruction.Run = (delegate*<Warp, Instruction*, void>)handler;
        instruction.Count = 1;
        instruction.Bytes = PtxKernel.SizeOf(type);
        instruction.Reads = instruction.Writes = true;
        instruction.IsStrong = !parts.Contains("cta");
        instruction.D = returns ? Target(operands[0], type) : -1;
        (instruction.A, instruction.Offset) = Address(operands[first]);
        instruction.B = Source(operands[first + 1], type);
        instruction.C = arguments > 1 ? Source(operands[first + 2], type) : instruction.B;
    }

    private void Window(ref Instruction instruction, string[] parts, string[] operands)
    {
        Expect(operands, 2);
        bool into = parts[1] == "to";
        long window = parts[into ? 2 : 1] switch
        {
            "global" or "const" or "param" => 0,
            "shared" => MemoryAccess.SharedWindow,
            "local" => MemoryAccess.LocalWindow,
            _ => throw Refuse("this space is not emulated"),
        };
        instruction.Run = &Elementwise.ShiftWindow;
        instruction.Offset = into ? -window : window;
        instruction.D = Target(operands[0], "b64");
        instruction.A = Source(operands[1], "b64");
    }

    private void Copy(ref Instruction instruction, string name, string[] operands)
    {
        CopiesAsynchronously = true;
        switch (name)
        {
            case "cp.async.commit_group":
                instruction.Run = &AsyncCopies.Commit;
                break;
            case "cp.async.wait_group":
                Expect(operands, 1);
                instruction.Run = &AsyncCopies.Wait;
                instruction.Target = (int)Literal(operands[0], 4);
                break;
            case "cp.async.wait_all":
                instruction.Run = &AsyncCopies.Wait;
                instruction.Target = -1;
                break;
            case "cp.async.ca.shared.global" or "cp.async.cg.shared.global" when operands.Length is 3 or 4:
                instruction.Bytes = (int)Literal(operands[2], 4);
                if (instruction.Bytes is not (4 or 8 or 16) || (name[9] == 'g' && instruction.Bytes != 16))
                {
                    throw Refuse("it copies 4, 8 or 16 bytes, by .cg 16");
                }

                instruction.Run = &MemoryAccess.Copy;
                instruction.Space = MemorySpace.Shared;
                (instruction.A, instruction.Offset) = Address(operands[0]);
                (instruction.B, long offset) = Address(operands[1]);
                instruction.Target = checked((int)offset);
                instruction.C = Source(operands.Length > 3 ? operands[3] : operands[2], "u32");
                break;
            default:
                throw Refuse("this copy is not emulated");
        }
    }

    private void Narrow(MemorySpace space, int bytes)
    {
        if (space is MemorySpace.Shared or MemorySpace.Generic)
        {
            SharedShift = Math.Min(SharedShift, BitOperations.Log2((uint)bytes));
        }
    }

    private static MemorySpace SpaceOf(string name) => name switch
    {
        "global" => MemorySpace.Global,
        "shared" => MemorySpace.Shared,
        "local" => MemorySpace.Local,
        _ => MemorySpace.Parameter,
    };

    private static Dictionary<string, nint> BuildAtomics()
    {
        Dictionary<string, nint> rows = new(StringComparer.Ordinal)
        {
            ["inc.u32"] = Of<uint, AtomicIncrement>(),
            ["dec.u32"] = Of<uint, AtomicDecrement>(),
            ["add.f32"] = Of<float, AtomicSum<float>>(),
            ["add.f64"] = Of<double, AtomicSum<double>>(),
        };
        Integers<uint>("u32");
        Integers<int>("s32");
        Integers<uint>("b32");
        Integers<ulong>("u64");
        Integers<long>("s64");
        Integers<ulong>("b64");
        return rows;

        void Integers<T>(string type)
            where T : unmanaged, IBinaryInteger<T>
        {
            rows[$"add.{type}"] = Of<T, AtomicSum<T>>();
            rows[$"exch.{type}"] = Of<T, AtomicExchange<T>>();
            rows[$"cas.{type}"] = Of<T, AtomicCompare<T>>();
            rows[$"min.{type}"] = Of<T, AtomicLeast<T>>();
            rows[$"max.{type}"] = Of<T, AtomicGreatest<T>>();
            rows[$"and.{type}"] = Of<T, AtomicAnd<T>>();
            rows[$"or.{type}"] = Of<T, AtomicOr<T>>();
            rows[$"xor.{type}"] = Of<T, AtomicXor<T>>();
        }

        static nint Of<T, TOperation>()
            where T : unmanaged
            where TOperation : IScalar3<T, T, T, T> =>
            (nint)(delegate*<Warp, Instruction*, void>)&MemoryAccess.Atomic<T, TOperation>;
    }
}
