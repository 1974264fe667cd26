using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace PacGen.Nn.Checkpoints;

/// <summary>
/// A file in the safetensors format: eight little-endian bytes with the length of a header, the header in JSON (each array's type,
/// shape and place, and texts by name under <c>__metadata__</c>), then the arrays' bytes without gaps. Everything that the header
/// says is checked before it is believed; reading allocates no more than the header and the arrays that are asked for.
/// </summary>
/// <remarks>
/// Files that PacGen writes carry a SHA-256 of the whole file in their metadata, as its first entry and so at a known place; it is
/// computed with 64 zeros where its digits stand. Other readers see one text more.
/// </remarks>
/// <example>
/// <code>
/// using SafetensorsFile file = SafetensorsFile.Open("model.safetensors");
/// float[] weight = file.Read("conv1.weight");
/// </code>
/// </example>
public sealed class SafetensorsFile : IDisposable
{
    private const string ChecksumName = "sha256";
    private const int LengthBytes = sizeof(long), ChecksumDigits = 2 * SHA256.HashSizeInBytes, Alignment = 8, Chunk = 1 << 16;
    private const int LongestHeader = 16 << 20, MostTensors = 100_000, HighestRank = 16;

    private static readonly byte[] ChecksumPrefix = Encoding.UTF8.GetBytes($$"""{"__metadata__":{"{{ChecksumName}}":" """.TrimEnd());

    private static readonly Dictionary<string, int> TypeSizes = new()
    {
        ["BOOL"] = 1, ["U8"] = 1, ["I8"] = 1, ["F8_E5M2"] = 1, ["F8_E4M3"] = 1, ["F8_E8M0"] = 1,
        ["I16"] = 2, ["U16"] = 2, ["F16"] = 2, ["BF16"] = 2,
        ["I32"] = 4, ["U32"] = 4, ["F32"] = 4,
        ["F64"] = 8, ["I64"] = 8, ["U64"] = 8, ["C64"] = 8,
    };

    private readonly Stream stream;
    private readonly string name;
    private readonly long dataStart;
    private readonly string? checksum;
    private readonly Dictionary<string, SafetensorInfo> tensors = [];
    private readonly Dictionary<string, string> metadata = [];

    /// <summary>Reads and checks the header of a seekable stream, which is then this file's to dispose.</summary>
    /// <exception cref="CheckpointException">It is not in the format.</exception>
    internal SafetensorsFile(Stream stream, string name)
    {
        this.stream = stream;
        this.name = name;
        Span<byte> prefix = stackalloc byte[LengthBytes];
        long length = stream.Length;
        if (length < LengthBytes + 2)
        {
            throw Damaged($"it has {length} bytes, too few for a header");
        }

        ReadExactly(0, prefix);
        ulong stated = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (stated < 2 || stated > (ulong)Math.Min(length - LengthBytes, LongestHeader))
        {
            throw Damaged($"its header should be {stated} bytes long, but the file has {length} and a header at most {LongestHeader}");
        }

        byte[] header = new byte[stated];
        ReadExactly(LengthBytes, header);
        dataStart = LengthBytes + header.Length;
        if (header[0] != (byte)'{')
        {
            throw Damaged("its header does not begin with {");
        }

        try
        {
            Parse(header);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new CheckpointException($"{name} can't be used: its header is no JSON of safetensors ({error.Message.ReplaceLineEndings(" ")}). Get or save the file again.", error);
        }

        CheckPlaces();
        checksum = header.AsSpan().StartsWith(ChecksumPrefix) && metadata.TryGetValue(ChecksumName, out string? digits) && digits.Length == ChecksumDigits
            && header.AsSpan(ChecksumPrefix.Length, ChecksumDigits).SequenceEqual(Encoding.UTF8.GetBytes(digits)) ? digits : null;
    }

    /// <summary>The file as errors call it: its path.</summary>
    public string Name => name;

    /// <summary>What the file says of each array, by name.</summary>
    public IReadOnlyDictionary<string, SafetensorInfo> Tensors => new ReadOnlyDictionary<string, SafetensorInfo>(tensors);

    /// <summary>The texts under <c>__metadata__</c>, by name; none where the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => new ReadOnlyDictionary<string, string>(metadata);

    /// <summary>Whether the file carries the checksum that PacGen writes.</summary>
    public bool HasChecksum => checksum is not null;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointException">It is not there, can't be read, or is not in the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
            return new SafetensorsFile(stream, path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException($"{path}: there is no such file.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            stream?.Dispose();
            throw new CheckpointException($"{path} can't be read: {error.Message}", error);
        }
        catch
        {
            stream?.Dispose();
            throw;
        }
    }

    /// <summary>Writes arrays of floats and texts; the checksum is added to the texts.</summary>
    /// <param name="path">The file; it is replaced as a whole or not at all.</param>
    /// <param name="tensors">The arrays.</param>
    /// <param name="metadata">The texts, by name.</param>
    /// <exception cref="ArgumentException">A name comes twice or is reserved, or a shape does not fit its values.</exception>
    /// <exception cref="IOException">The file can't be written; what was there before is still there.</exception>
    public static void Save(string path, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, stream => Write(stream, tensors, metadata));

    /// <summary>Writes arrays of floats and texts to a stream; otherwise as <see cref="Save"/>.</summary>
    /// <exception cref="ArgumentException">A name comes twice or is reserved, or a shape does not fit its values.</exception>
    public static void Write(Stream stream, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        byte[] header = Header(tensors, metadata ?? new Dictionary<string, string>());
        byte[] length = new byte[LengthBytes];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(length);
        hash.AppendData(header);
        ForEachChunk(tensors, hash.AppendData);
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash.GetHashAndReset()), header.AsSpan(ChecksumPrefix.Length));
        stream.Write(length);
        stream.Write(header);
        ForEachChunk(tensors, stream.Write);
    }

    /// <summary>An array's values in row-major order, as floats: F32 as they are, F16 and BF16 exactly, F64 rounded.</summary>
    /// <exception cref="CheckpointException">The file has no such array, it is of another type, or it can't be read.</exception>
    public float[] Read(string tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!tensors.TryGetValue(tensor, out SafetensorInfo? info))
        {
            throw new CheckpointException($"{name} has no array {tensor}; it has {Some(tensors.Keys)}.");
        }

        if (info.Type is not ("F32" or "F16" or "BF16" or "F64"))
        {
            throw new CheckpointException($"{tensor} in {name} holds {info.Type}, but only F32, F16, BF16 and F64 are read: save it as one of these.");
        }

        if (info.Count > Array.MaxLength / sizeof(double))
        {
            throw new CheckpointException($"{tensor} in {name} has {info.Count} elements; at most {Array.MaxLength / sizeof(double)} are read.");
        }

        float[] values = new float[info.Count];
        if (info.Type == "F32" && BitConverter.IsLittleEndian)
        {
            ReadExactly(dataStart + info.Begin, MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }

        int size = TypeSizes[info.Type];
        byte[] bytes = new byte[Math.Min(Chunk, info.End - info.Begin)];
        for (int done = 0; done < values.Length;)
        {
            int count = Math.Min(bytes.Length / size, values.Length - done);
            ReadExactly(dataStart + info.Begin + ((long)done * size), bytes.AsSpan(0, count * size));
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> one = bytes.AsSpan(i * size, size);
                values[done + i] = info.Type switch
                {
                    "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(one),
                    "BF16" => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(one) << 16),
                    "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(one),
                    _ => BinaryPrimitives.ReadSingleLittleEndian(one),
                };
            }

            done += count;
        }

        return values;
    }

    /// <summary>Checks every byte of the file against its checksum.</summary>
    /// <exception cref="CheckpointException">The file has no checksum, or not the one that its bytes give.</exception>
    public void VerifyChecksum()
    {
        if (checksum is null)
        {
            throw new CheckpointException($"{name} has no checksum of PacGen's: it was written by another program.");
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] head = new byte[dataStart], bytes = new byte[Chunk];
        ReadExactly(0, head);
        head.AsSpan(LengthBytes + ChecksumPrefix.Length, ChecksumDigits).Fill((byte)'0');
        hash.AppendData(head);
        long length = stream.Length;
        for (long at = dataStart; at < length;)
        {
            Span<byte> part = bytes.AsSpan(0, (int)Math.Min(Chunk, length - at));
            ReadExactly(at, part);
            hash.AppendData(part);
            at += part.Length;
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != checksum)
        {
            throw Damaged("it does not have the checksum that it states");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    /// <summary>The first few of some names, for a message.</summary>
    internal static string Some(IEnumerable<string> names)
    {
        string[] first = [.. names.Take(9)];
        return first.Length == 0 ? "none" : string.Join(", ", first.Take(8)) + (first.Length > 8 ? ", …" : "");
    }

    private static byte[] Header(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString(ChecksumName, new string('0', ChecksumDigits));
            foreach ((string key, string value) in metadata)
            {
                json.WriteString(key != ChecksumName ? key : throw new ArgumentException($"The text {key} is reserved for the checksum.", nameof(metadata)), value);
            }

            json.WriteEndObject();
            HashSet<string> names = ["__metadata__"];
            long begin = 0;
            foreach (NamedTensor tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                {
                    throw new ArgumentException($"The name {tensor.Name} comes twice or is reserved.", nameof(tensors));
                }

                if (tensor.Shape.Aggregate((Int128)1, (product, extent) => product * extent) != tensor.Values.Length)
                {
                    throw new ArgumentException($"{tensor.Name} has {tensor.Values.Length} values, but the shape ({string.Join(", ", tensor.Shape)}).", nameof(tensors));
                }

                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (long extent in tensor.Shape)
                {
                    json.WriteNumberValue(extent);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                json.WriteNumberValue(begin += (long)tensor.Values.Length * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (text.Length % Alignment != 0)
        {
            text.WriteByte((byte)' ');
        }

        return text.Length <= LongestHeader ? text.ToArray() : throw new ArgumentException($"The header would be {text.Length} bytes long; at most {LongestHeader} are read.", nameof(tensors));
    }

    private delegate void BytesAction(ReadOnlySpan<byte> bytes);

    private static void ForEachChunk(IReadOnlyList<NamedTensor> tensors, BytesAction act)
    {
        byte[] swapped = BitConverter.IsLittleEndian ? [] : new byte[sizeof(float)];
        foreach (NamedTensor tensor in tensors)
        {
            if (BitConverter.IsLittleEndian)
            {
                act(MemoryMarshal.AsBytes(tensor.Values.Span));
                continue;
            }

            foreach (float value in tensor.Values.Span)
            {
                BinaryPrimitives.WriteSingleLittleEndian(swapped, value);
                act(swapped);
            }
        }
    }

    private void Parse(byte[] header)
    {
        Utf8JsonReader json = new(header);
        Expect(ref json, JsonTokenType.StartObject);
        HashSet<string> names = [];
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            if (!names.Add(key))
            {
                throw new JsonException($"the name {key} comes twice");
            }

            if (names.Count > MostTensors)
            {
                throw new JsonException($"more than {MostTensors} arrays");
            }

            Expect(ref json, JsonTokenType.StartObject);
            if (key == "__metadata__")
            {
                ParseMetadata(ref json);
            }
            else
            {
                tensors[key] = ParseTensor(ref json, key);
            }
        }

        if (json.Read())
        {
            throw new JsonException("something follows the header's end");
        }
    }

    private void ParseMetadata(ref Utf8JsonReader json)
    {
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            Expect(ref json, JsonTokenType.String);
            if (!metadata.TryAdd(key, json.GetString()!))
            {
                throw new JsonException($"the text {key} comes twice");
            }

            if (metadata.Count > MostTensors)
            {
                throw new JsonException($"more than {MostTensors} texts");
            }
        }
    }

    private static SafetensorInfo ParseTensor(ref Utf8JsonReader json, string key)
    {
        string? type = null;
        List<long>? shape = null, places = null;
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            string field = json.GetString()!;
            bool first;
            switch (field)
            {
                case "dtype":
                    Expect(ref json, JsonTokenType.String);
                    first = type is null;
                    type = json.GetString()!;
                    break;
                case "shape":
                    first = shape is null;
                    shape = ParseNumbers(ref json, key, HighestRank);
                    break;
                case "data_offsets":
                    first = places is null;
                    places = ParseNumbers(ref json, key, 2);
                    break;
                default:
                    throw new JsonException($"{key} has an unknown field {field}");
            }

            if (!first)
            {
                throw new JsonException($"{key} has {field} twice");
            }
        }

        if (type is null || shape is null || places is not [long begin, long end])
        {
            throw new JsonException($"{key} lacks dtype, shape or two data_offsets");
        }

        if (!TypeSizes.TryGetValue(type, out int size))
        {
            throw new JsonException($"{key} is of the unknown type {type}");
        }

        // The product of extents below 2⁶³ with each step checked: Int128 can't overflow before the check.
        Int128 bytes = size;
        foreach (long extent in shape)
        {
            bytes *= extent;
            if (bytes > long.MaxValue)
            {
                throw new JsonException($"{key} is larger than any file");
            }
        }

        return end >= begin && bytes == end - begin
            ? new SafetensorInfo(key, type, [.. shape], begin, end)
            : throw new JsonException($"{key} has the bytes {begin} to {end}, but its shape ({string.Join(", ", shape)}) of {type} takes {bytes}");
    }

    private static List<long> ParseNumbers(ref Utf8JsonReader json, string key, int most)
    {
        Expect(ref json, JsonTokenType.StartArray);
        List<long> numbers = [];
        while (Next(ref json) == JsonTokenType.Number)
        {
            if (!json.TryGetInt64(out long number) || number < 0 || numbers.Count == most)
            {
                throw new JsonException($"{key} has a number that is no whole one of 0 or more, or more than {most} numbers in an array");
            }

            numbers.Add(number);
        }

        return json.TokenType == JsonTokenType.EndArray ? numbers : throw new JsonException($"{key} has something in an array that is no number");
    }

    private static JsonTokenType Next(ref Utf8JsonReader json) => json.Read() ? json.TokenType : throw new JsonException("the header ends early");

    private static void Expect(ref Utf8JsonReader json, JsonTokenType type)
    {
        if (Next(ref json) != type)
        {
            throw new JsonException($"{json.TokenType} stands where {type} should");
        }
    }

    private void CheckPlaces()
    {
        long end = 0;
        foreach (SafetensorInfo info in tensors.Values.OrderBy(info => info.Begin).ThenBy(info => info.End))
        {
            if (info.Begin != end)
            {
                throw Damaged($"{info.Name} begins at byte {info.Begin} of the data, but what is before it ends at {end}");
            }

            end = info.End;
        }

        if (end != stream.Length - dataStart)
        {
            throw Damaged($"its arrays take {end} bytes, but {stream.Length - dataStart} are there");
        }
    }

    private void ReadExactly(long position, Span<byte> bytes)
    {
        try
        {
            stream.Position = position;
            stream.ReadExactly(bytes);
        }
        catch (IOException error)
        {
            throw new CheckpointException($"{name} can't be read: {error.Message}", error);
        }
    }

    private CheckpointException Damaged(string what) => new($"{name} is damaged or no safetensors file: {what}. Get or save it again.");
}
