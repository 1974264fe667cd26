using System.Buffers.Binary;
using Google.Protobuf;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// Reads the messages of ONNX files that a network needs: the fields of ModelProto, GraphProto, NodeProto, AttributeProto,
/// TensorProto and ValueInfoProto as onnx.proto3 numbers them; others are passed over. An array's bytes must be there before an
/// array of that size is made.
/// </summary>
/// <param name="folder">Where a file's external data lie; null where there are none.</param>
/// <param name="elsewhere">How many values arrays may lack together, see <see cref="WithoutValues"/>.</param>
internal sealed partial class OnnxMessages(string? folder, long elsewhere = 0)
{
    private const int MostNodes = 100_000, HighestRank = 16;

    private long absentCount;

    /// <summary>The types of elements that are read: name, bytes, and whether they are whole.</summary>
    private static readonly Dictionary<int, (string Name, int Size, bool Whole)> Types = new()
    {
        [1] = ("FLOAT", 4, false), [2] = ("UINT8", 1, true), [3] = ("INT8", 1, true), [4] = ("UINT16", 2, true),
        [5] = ("INT16", 2, true), [6] = ("INT32", 4, true), [7] = ("INT64", 8, true), [9] = ("BOOL", 1, true),
        [10] = ("FLOAT16", 2, false), [11] = ("DOUBLE", 8, false), [12] = ("UINT32", 4, true), [13] = ("UINT64", 8, true),
        [16] = ("BFLOAT16", 2, false),
    };

    /// <summary>Whether elements of a type are floats; null where it is not read.</summary>
    public static bool? IsFloat(int type) => Types.TryGetValue(type, out var known) ? !known.Whole : null;

    /// <summary>Reads a model.</summary>
    /// <exception cref="CheckpointException">It holds what can't be read.</exception>
    /// <exception cref="InvalidProtocolBufferException">It is no message.</exception>
    public OnnxModel Model(ReadOnlyMemory<byte> bytes)
    {
        OnnxModel model = new();
        bool graph = false;
        Read(bytes, (field, input) =>
        {
            switch (field)
            {
                case 2:
                    model.Producer = input.ReadString();
                    break;
                case 7:
                    Graph(input.ReadBytes(), model);
                    graph = true;
                    break;
                case 8:
                    OperatorSet(input.ReadBytes(), model);
                    break;
                case 14:
                    Note(input.ReadBytes(), model.Metadata);
                    break;
                default:
                    return false;
            }

            return true;
        });
        return graph ? model : throw new CheckpointException("there is no graph in it");
    }

    /// <summary>
    /// A model whose initialisers of some names have lost their values: what says how to build a network whose weights are
    /// elsewhere.
    /// </summary>
    public static byte[] WithoutValues(ReadOnlyMemory<byte> bytes, IReadOnlySet<string> names) => Copied(
        bytes, 7,
        graph => Copied(graph, 5, tensor => names.Contains(NameOf(tensor)) ? Copied(tensor, -1, null, IsKept) : tensor));

    /// <summary>Whether a field of TensorProto is no value: extents, type, name and documentation.</summary>
    private static bool IsKept(int field) => field is 1 or 2 or 8;

    private static void OperatorSet(ByteString bytes, OnnxModel model)
    {
        string domain = "";
        long version = 0;
        Read(bytes.Memory, (field, input) =>
        {
            (domain, version) = field switch
            {
                1 => (input.ReadString(), version),
                2 => (domain, input.ReadInt64()),
                _ => (domain, version),
            };
            return field is 1 or 2;
        });
        if (domain is "" or "ai.onnx")
        {
            model.Opset = version;
        }
    }

    private void Graph(ByteString bytes, OnnxModel model) => Read(bytes.Memory, (field, input) =>
    {
        switch (field)
        {
            case 1 when model.Nodes.Count < MostNodes:
                model.Nodes.Add(Node(input.ReadBytes()));
                break;
            case 1:
                throw new CheckpointException($"it has more than {MostNodes} nodes");
            case 5:
                OnnxInitializer array = Initializer(input.ReadBytes());
                if (!model.Initializers.TryAdd(array.Name, array))
                {
                    throw new CheckpointException($"two arrays are called '{Printable.Name(array.Name)}'");
                }

                break;
            case 11:
                model.Inputs.Add(Value(input.ReadBytes()));
                break;
            case 12:
                model.Outputs.Add(Value(input.ReadBytes()));
                break;
            case 15:
                throw new CheckpointException("it has sparse arrays, which are not supported: save it with dense ones");
            default:
                return false;
        }

        return true;
    });

    private OnnxNode Node(ByteString bytes)
    {
        List<string> inputs = [], outputs = [];
        Dictionary<string, object?> attributes = [];
        string name = "", type = "", domain = "";
        Read(bytes.Memory, (field, input) =>
        {
            switch (field)
            {
                case 1:
                    inputs.Add(input.ReadString());
                    break;
                case 2:
                    outputs.Add(input.ReadString());
                    break;
                case 3:
                    name = input.ReadString();
                    break;
                case 4:
                    type = input.ReadString();
                    break;
                case 5:
                    (string attribute, object? value) = Attribute(input.ReadBytes());
                    attributes[attribute] = value;
                    break;
                case 7:
                    domain = input.ReadString();
                    break;
                default:
                    return false;
            }

            return true;
        });
        return new OnnxNode(type, domain == "ai.onnx" ? "" : domain, name, inputs, outputs, attributes);
    }

    private (string Name, object? Value) Attribute(ByteString bytes)
    {
        string name = "", word = "";
        int type = 0;
        double number = 0;
        OnnxArray? array = null;
        List<double> numbers = [];
        List<string> words = [];
        Read(bytes.Memory, (field, input, tag) =>
        {
            switch (field)
            {
                case 1:
                    name = input.ReadString();
                    break;
                case 2:
                    number = input.ReadFloat();
                    break;
                case 3:
                    number = input.ReadInt64();
                    break;
                case 4:
                    word = input.ReadBytes().ToStringUtf8();
                    break;
                case 5:
                    OnnxInitializer tensor = Initializer(input.ReadBytes());
                    array = new OnnxArray(tensor.Dims, tensor.Numbers(), tensor.Whole);
                    break;
                case 7:
                    Packed(input, tag, one => numbers.Add(one.ReadFloat()));
                    break;
                case 8:
                    Packed(input, tag, one => numbers.Add(one.ReadInt64()));
                    break;
                case 9:
                    words.Add(input.ReadBytes().ToStringUtf8());
                    break;
                case 20:
                    type = input.ReadInt32();
                    break;
                default:
                    return false;
            }

            return true;
        });

        // AttributeProto.AttributeType: FLOAT, INT, STRING, TENSOR, FLOATS, INTS, STRINGS.
        return (name, type switch
        {
            1 or 2 => number,
            3 => word,
            4 => array,
            6 or 7 => new OnnxArray([numbers.Count], [.. numbers], type == 7),
            8 => words,
            _ => null,
        });
    }

    private static OnnxInput Value(ByteString bytes)
    {
        string name = "";
        int type = 0;
        List<int?>? dims = null;
        Read(bytes.Memory, (field, input) => field switch
        {
            1 => Take(name = input.ReadString()),

            // TypeProto, its tensor_type, that one's shape, the dimensions of it, and the number of each.
            2 => Nested(input, (kind, tensor) => kind == 1 && Nested(tensor, (part, shape) => part switch
            {
                1 => Take(type = shape.ReadInt32()),
                2 => Take(dims = []) && Nested(shape, (_, one) =>
                {
                    int? extent = null;
                    Nested(one, (which, dimension) => which == 1
                        && Take(extent = (int)Math.Clamp(dimension.ReadInt64(), int.MinValue, int.MaxValue)));
                    dims!.Add(extent > 0 ? extent : null);
                    return true;
                }),
                _ => false,
            })),
            _ => false,
        });
        return new OnnxInput(name, type, dims);
    }

    private OnnxInitializer Initializer(ByteString bytes)
    {
        string name = "";
        int type = 0;
        bool external = false;
        List<long> extents = [];
        List<double> numbers = [];
        ByteString? raw = null;
        Dictionary<string, string> places = [];
        Read(bytes.Memory, (field, input, tag) =>
        {
            switch (field)
            {
                case 1:
                    Packed(input, tag, one => extents.Add(one.ReadInt64()));
                    break;
                case 2:
                    type = input.ReadInt32();
                    break;
                case 4:
                    Packed(input, tag, one => numbers.Add(one.ReadFloat()));
                    break;
                case 5:
                    Packed(input, tag, one => numbers.Add(one.ReadInt32()));
                    break;
                case 7:
                    Packed(input, tag, one => numbers.Add(one.ReadInt64()));
                    break;
                case 8:
                    name = input.ReadString();
                    break;
                case 9:
                    raw = input.ReadBytes();
                    break;
                case 10:
                    Packed(input, tag, one => numbers.Add(one.ReadDouble()));
                    break;
                case 11:
                    Packed(input, tag, one => numbers.Add(one.ReadUInt64()));
                    break;
                case 13:
                    Place(input.ReadBytes(), places);
                    break;
                case 14:
                    external = input.ReadInt32() == 1;
                    break;
                default:
                    return false;
            }

            return true;
        });
        if (!Types.TryGetValue(type, out var known))
        {
            throw new CheckpointException(
                $"the array '{Printable.Name(name)}' has elements of the type {type} of ONNX, which is not read: save it as " +
                    $"FLOAT");
        }

        long count = 1;
        foreach (long extent in extents)
        {
            count = extent is < 0 or > int.MaxValue || count > int.MaxValue ? -1 : count * extent;
        }

        if (count is < 0 or > int.MaxValue || extents.Count > HighestRank)
        {
            throw new CheckpointException($"the array '{Printable.Name(name)}' has extents that no array has");
        }

        if (external)
        {
            raw = UnsafeByteOperations.UnsafeWrap(External(name, places, count * known.Size));
        }

        bool absent = elsewhere > 0 && raw is null && numbers.Count == 0 && count > 0;
        absentCount += absent ? count : 0;
        if (absentCount > elsewhere)
        {
            throw new CheckpointException($"its weights have more than the {elsewhere} elements that are there");
        }

        long there = raw is null ? numbers.Count : raw.Length / known.Size;
        if (!absent && (there != count || (raw is not null && raw.Length != count * known.Size)))
        {
            throw new CheckpointException(
                $"the array '{Printable.Name(name)}' should have {count} elements of {known.Name}, but {there} are there");
        }

        return new OnnxInitializer(
            name, [.. extents.Select(extent => (int)extent)], known.Whole,
            absent ? null : raw is null ? [.. numbers.Select(value => Stored(value, type))] : Decode(raw.Span, type, known.Size));
    }

    /// <summary>Half precision stands as bits in the field of 32-bit numbers.</summary>
    private static double Stored(double value, int type) => type switch
    {
        10 => (double)BitConverter.UInt16BitsToHalf((ushort)value),
        16 => BitConverter.Int32BitsToSingle((ushort)value << 16),
        _ => value,
    };

    private static double[] Decode(ReadOnlySpan<byte> raw, int type, int size)
    {
        double[] values = new double[raw.Length / size];
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> one = raw.Slice(i * size, size);
            values[i] = type switch
            {
                1 => BinaryPrimitives.ReadSingleLittleEndian(one),
                2 or 9 => one[0],
                3 => (sbyte)one[0],
                4 => BinaryPrimitives.ReadUInt16LittleEndian(one),
                5 => BinaryPrimitives.ReadInt16LittleEndian(one),
                6 => BinaryPrimitives.ReadInt32LittleEndian(one),
                7 => BinaryPrimitives.ReadInt64LittleEndian(one),
                10 => (double)BinaryPrimitives.ReadHalfLittleEndian(one),
                11 => BinaryPrimitives.ReadDoubleLittleEndian(one),
                12 => BinaryPrimitives.ReadUInt32LittleEndian(one),
                13 => BinaryPrimitives.ReadUInt64LittleEndian(one),
                _ => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(one) << 16),
            };
        }

        return values;
    }

    /// <summary>
    /// An array that lies in a file of its own: beside the model, never elsewhere, as a file may be a stranger's.
    /// </summary>
    private byte[] External(string name, Dictionary<string, string> places, long length)
    {
        string location = places.GetValueOrDefault("location", "");
        if (folder is null || location is "" or "." or ".." || location.AsSpan().ContainsAny('/', '\\'))
        {
            throw new CheckpointException(
                $"the array '{Printable.Name(name)}' is said to lie in '{Printable.Name(location)}', which is no file beside " +
                    $"the model");
        }

        long offset = long.TryParse(places.GetValueOrDefault("offset", "0"), out long number) ? number : -1;
        try
        {
            using FileStream stream = File.OpenRead(Path.Combine(folder, location));
            if (offset < 0 || offset > stream.Length - length)
            {
                throw new CheckpointException(
                    $"the array '{Printable.Name(name)}' is said to be {length} bytes at {offset} of " +
                        $"{Printable.Name(location)}, which has {stream.Length}");
            }

            byte[] bytes = new byte[length];
            stream.Position = offset;
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"the array '{Printable.Name(name)}' can't be read: {error.Message}", error);
        }
    }

    private static void Place(ByteString bytes, Dictionary<string, string> places)
    {
        string key = "", value = "";
        Read(bytes.Memory, (field, input) => field switch
        {
            1 => Take(key = input.ReadString()),
            2 => Take(value = input.ReadString()),
            _ => false,
        });
        places[key] = value;
    }

    private static string NameOf(ReadOnlyMemory<byte> tensor)
    {
        string name = "";
        Read(tensor, (field, input) => field == 8 && Take(name = input.ReadString()));
        return name;
    }

    /// <summary>A message with one kind of its messages replaced, and without fields that aren't kept.</summary>
    private static byte[] Copied(
        ReadOnlyMemory<byte> bytes, int nested, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? replaced,
        Func<int, bool>? kept = null)
    {
        using MemoryStream stream = new();
        CodedInputStream input = UnsafeByteOperations.UnsafeWrap(bytes).CreateCodedInput();
        for (int start = 0; input.ReadTag() is var tag and not 0; start = (int)input.Position)
        {
            int field = WireFormat.GetTagFieldNumber(tag);
            if (field == nested)
            {
                using CodedOutputStream output = new(stream, leaveOpen: true);
                output.WriteTag(tag);
                output.WriteBytes(UnsafeByteOperations.UnsafeWrap(replaced!(input.ReadBytes().Memory)));
                continue;
            }

            input.SkipLastField();
            if (kept?.Invoke(field) ?? true)
            {
                stream.Write(bytes.Span[start..(int)input.Position]);
            }
        }

        return stream.ToArray();
    }

    private static bool Take<T>(T value) => value is not null || default(T) is null;

    private static bool Nested(CodedInputStream input, Func<int, CodedInputStream, bool> take)
    {
        Read(input.ReadBytes().Memory, take);
        return true;
    }

    /// <summary>The values of a repeated field: packed into one run of bytes, or one by one.</summary>
    private static void Packed(CodedInputStream input, uint tag, Action<CodedInputStream> take)
    {
        if (WireFormat.GetTagWireType(tag) != WireFormat.WireType.LengthDelimited)
        {
            take(input);
            return;
        }

        CodedInputStream packed = input.ReadBytes().CreateCodedInput();
        while (!packed.IsAtEnd)
        {
            take(packed);
        }
    }

    /// <summary>Reads a message field by field; a field that isn't taken is passed over.</summary>
    private static void Read(ReadOnlyMemory<byte> bytes, Func<int, CodedInputStream, bool> take) =>
        Read(bytes, (field, input, _) => take(field, input));

    private static void Read(ReadOnlyMemory<byte> bytes, Func<int, CodedInputStream, uint, bool> take)
    {
        CodedInputStream input = UnsafeByteOperations.UnsafeWrap(bytes).CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            if (!take(WireFormat.GetTagFieldNumber(tag), input, tag))
            {
                input.SkipLastField();
            }
        }
    }
}
