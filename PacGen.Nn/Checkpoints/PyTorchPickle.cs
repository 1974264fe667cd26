using System.Buffers.Binary;
using System.Text;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// An unpickler for what <c>torch.save</c> makes of tensors and containers. A pickle is a program: other unpicklers call whatever
/// function it names. This one has nothing that it could call: it makes mappings, lists, tuples, texts, numbers and descriptions
/// of tensors, and refuses any other opcode or name.
/// </summary>
internal sealed class PyTorchPickle(byte[] bytes)
{
    private static readonly object Mark = new();

    /// <summary>The types of storages: what safetensors calls them, and the bytes of an element.</summary>
    private static readonly Dictionary<string, (string Type, int Size)> Storages = new()
    {
        ["torch.FloatStorage"] = ("F32", 4), ["torch.DoubleStorage"] = ("F64", 8), ["torch.HalfStorage"] = ("F16", 2),
        ["torch.BFloat16Storage"] = ("BF16", 2), ["torch.LongStorage"] = ("I64", 8), ["torch.IntStorage"] = ("I32", 4),
        ["torch.ShortStorage"] = ("I16", 2), ["torch.CharStorage"] = ("I8", 1), ["torch.ByteStorage"] = ("U8", 1),
        ["torch.BoolStorage"] = ("BOOL", 1),
    };

    private readonly List<object?> stack = [];
    private readonly Dictionary<long, object?> memo = [];
    private int at;

    /// <summary>What the pickle holds.</summary>
    /// <exception cref="PickleException">It is damaged, or holds what isn't read.</exception>
    public object? Load()
    {
        while (true)
        {
            byte opcode = Next();
            switch (opcode)
            {
                case 0x80: // PROTO
                    int protocol = Next();
                    if (protocol is < 2 or > 5)
                    {
                        throw new PickleException($"its pickle is of protocol {protocol}, which isn't read.");
                    }

                    break;
                case 0x95: // FRAME
                    Take(8);
                    break;
                case (byte)'.': // STOP
                    return Pop();
                case (byte)'(': // MARK
                    stack.Add(Mark);
                    break;
                case (byte)'N':
                    stack.Add(null);
                    break;
                case 0x88 or 0x89:
                    stack.Add(opcode == 0x88);
                    break;
                case (byte)'K':
                    stack.Add((long)Next());
                    break;
                case (byte)'M':
                    stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                    break;
                case (byte)'J':
                    stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                    break;
                case 0x8A: // LONG1
                    stack.Add(Long(Take(Next())));
                    break;
                case (byte)'G':
                    stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                    break;
                case (byte)'X': // BINUNICODE
                    stack.Add(Text(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))));
                    break;
                case 0x8C: // SHORT_BINUNICODE
                    stack.Add(Text(Take(Next())));
                    break;
                case (byte)'U': // SHORT_BINSTRING
                    stack.Add(Text(Take(Next())));
                    break;
                case (byte)'}':
                    stack.Add(new PickledMapping());
                    break;
                case (byte)']' or 0x8F: // EMPTY_LIST, EMPTY_SET
                    stack.Add(new List<object?>());
                    break;
                case (byte)')':
                    stack.Add(Array.Empty<object?>());
                    break;
                case (byte)'t':
                    stack.Add(PopToMark());
                    break;
                case 0x85 or 0x86 or 0x87: // TUPLE1 to TUPLE3
                    stack.Add(PopMany(opcode - 0x84));
                    break;
                case (byte)'a':
                    object? one = Pop();
                    Top<List<object?>>().Add(one);
                    break;
                case (byte)'e' or 0x90: // APPENDS, ADDITEMS
                    object?[] more = PopToMark();
                    Top<List<object?>>().AddRange(more);
                    break;
                case (byte)'s':
                    SetItems(PopMany(2));
                    break;
                case (byte)'u':
                    SetItems(PopToMark());
                    break;
                case (byte)'q':
                    memo[Next()] = Peek();
                    break;
                case (byte)'r':
                    memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek();
                    break;
                case 0x94: // MEMOIZE
                    memo[memo.Count] = Peek();
                    break;
                case (byte)'h':
                    stack.Add(Remembered(Next()));
                    break;
                case (byte)'j':
                    stack.Add(Remembered(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                    break;
                case (byte)'c': // GLOBAL
                    stack.Add(Named($"{Line()}.{Line()}"));
                    break;
                case 0x93: // STACK_GLOBAL
                    object?[] parts = PopMany(2);
                    stack.Add(Named($"{parts[0]}.{parts[1]}"));
                    break;
                case (byte)'Q': // BINPERSID
                    stack.Add(Storage(Pop()));
                    break;
                case (byte)'R': // REDUCE
                    object?[] called = PopMany(2);
                    stack.Add(Made(called[0], called[1]));
                    break;
                case (byte)'b': // BUILD: state_dict()'s own metadata, on the mapping
                    Pop();
                    Top<PickledMapping>();
                    break;
                default:
                    throw new PickleException(
                        $"its pickle has the opcode 0x{opcode:X2} at byte {at - 1}, and only those of tensors and containers " +
                            $"are read.");
            }
        }
    }

    /// <summary>A class or function by name: one of those that are made here, or none.</summary>
    private static PickledName Named(string name) =>
        Storages.ContainsKey(name)
            || name is "collections.OrderedDict" or "collections.defaultdict" or "torch.Size" or "builtins.dict"
            or "builtins.set" or "__builtin__.set" or "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_parameter"
            ? new PickledName(name)
            : throw new PickleException(
                $"it names {Printable.Name(name)}, which loading would run or make; only tensors and containers are read.");

    /// <summary>What a call of a known function gives.</summary>
    private static object? Made(object? function, object? arguments) => (function, arguments) switch
    {
        (PickledName { Name: "collections.OrderedDict" or "builtins.dict" or "collections.defaultdict" },
            object?[] { Length: <= 1 }) =>
            new PickledMapping(),
        (PickledName { Name: "torch.Size" or "builtins.set" or "__builtin__.set" }, object?[] { Length: 1 } content) =>
            content[0],
        (PickledName { Name: "torch._utils._rebuild_tensor_v2" },
            object?[] and [PickledStorage storage, long offset, object?[] shape, object?[] strides, ..]) =>
            new PickledTensor(storage, offset, Longs(shape), Longs(strides)),
        (PickledName { Name: "torch._utils._rebuild_parameter" }, object?[] and [PickledTensor tensor, ..]) => tensor,
        (PickledName { Name: var name }, _) =>
            throw new PickleException($"it calls {Printable.Name(name)} as torch.save doesn't."),
        _ => throw new PickleException("its pickle calls what is no function."),
    };

    private static PickledStorage Storage(object? id) =>
        id is object?[] and ["storage", PickledName { Name: var type }, string key, _, long count, ..]
            && Storages.TryGetValue(type, out var known) && count is >= 0 and <= int.MaxValue
            ? new PickledStorage(known.Type, known.Size, key, count)
            : throw new PickleException("it refers to something outside that is no storage of a known type.");

    private static long[] Longs(object?[] values) => Array.ConvertAll(
        values, value => value is long number ? number
            : throw new PickleException("a tensor has an extent that is no whole number."));

    private static long Long(ReadOnlySpan<byte> little)
    {
        if (little.Length > sizeof(long))
        {
            throw new PickleException("it has a whole number of more than 64 bits, which isn't read.");
        }

        long value = little.Length > 0 && (sbyte)little[^1] < 0 ? -1 : 0;
        for (int i = little.Length - 1; i >= 0; i--)
        {
            value = (value << 8) | little[i];
        }

        return value;
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private void SetItems(object?[] items)
    {
        PickledMapping mapping = Top<PickledMapping>();
        for (int i = 0; i + 1 < items.Length; i += 2)
        {
            mapping.Items.Add((items[i], items[i + 1]));
        }
    }

    private string Line()
    {
        int length = bytes.AsSpan(at).IndexOf((byte)'\n');
        string line = length is >= 0 and <= 1024 ? Text(Take(length)) : throw Truncated();
        at++;
        return line;
    }

    private byte Next() => at < bytes.Length ? bytes[at++] : throw Truncated();

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > bytes.Length - at)
        {
            throw Truncated();
        }

        at += (int)count;
        return bytes.AsSpan(at - (int)count, (int)count);
    }

    private object? Remembered(long place) => memo.TryGetValue(place, out object? value) ? value : throw Unsound();

    private object? Peek() => stack.Count > 0 ? stack[^1] : throw Unsound();

    private T Top<T>()
        where T : class => Peek() as T ?? throw Unsound();

    private object? Pop()
    {
        object? top = Peek();
        stack.RemoveAt(stack.Count - 1);
        return top;
    }

    private object?[] PopMany(int count)
    {
        if (stack.Count < count)
        {
            throw Unsound();
        }

        object?[] many = [.. stack[^count..]];
        stack.RemoveRange(stack.Count - count, count);
        return many;
    }

    private object?[] PopToMark()
    {
        int mark = stack.LastIndexOf(Mark);
        if (mark < 0)
        {
            throw Unsound();
        }

        object?[] many = PopMany(stack.Count - mark - 1);
        stack.RemoveAt(mark);
        return many;
    }

    private static PickleException Truncated() => new("its pickle ends too early.");

    private static PickleException Unsound() => new("its pickle is damaged.");
}
