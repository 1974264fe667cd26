using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// The header of a safetensors file: each array's type, shape and place, and the texts. What is allowed stands in
/// <see cref="Parse"/> alone: a header that is to be written is parsed first, so nothing is written that would be refused or read
/// as something else.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The most bytes that a header may have.</summary>
    public const int LongestHeader = 16 << 20;

    private const string MetadataName = "__metadata__", ChecksumName = "sha256";
    private const int ChecksumDigits = 2 * SHA256.HashSizeInBytes, Alignment = 8;
    private const int MostTensors = 100_000, MostTexts = 100_000, HighestRank = 16, LongestName = 1024;

    private static readonly byte[] ChecksumPrefix =
        Encoding.UTF8.GetBytes($$"""{"{{MetadataName}}":{"{{ChecksumName}}":" """.TrimEnd());

    private SafetensorsHeader()
    {
    }

    /// <summary>The types of the format and the bytes of an element.</summary>
    public static IReadOnlyDictionary<string, int> TypeSizes { get; } = new Dictionary<string, int>
    {
        ["BOOL"] = 1, ["U8"] = 1, ["I8"] = 1, ["F8_E5M2"] = 1, ["F8_E4M3"] = 1, ["F8_E8M0"] = 1,
        ["I16"] = 2, ["U16"] = 2, ["F16"] = 2, ["BF16"] = 2,
        ["I32"] = 4, ["U32"] = 4, ["F32"] = 4,
        ["F64"] = 8, ["I64"] = 8, ["U64"] = 8, ["C64"] = 8,
    };

    /// <summary>The arrays, by name.</summary>
    public Dictionary<string, SafetensorInfo> Tensors { get; } = [];

    /// <summary>The texts, by name.</summary>
    public Dictionary<string, string> Metadata { get; } = [];

    /// <summary>The bytes of all arrays together, which follow each other without gaps.</summary>
    public long DataLength { get; private set; }

    /// <summary>Reads a header and checks all that it says but whether the arrays are there.</summary>
    /// <exception cref="JsonException">It is none; the message says why, in a part of a sentence.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length > LongestHeader)
        {
            throw new JsonException($"it is {text.Length} bytes long, and at most {LongestHeader} are read");
        }

        if (text.Length == 0 || text[0] != (byte)'{')
        {
            throw new JsonException("it does not begin with {");
        }

        SafetensorsHeader header = new();
        try
        {
            header.Read(text);
        }
        catch (InvalidOperationException error)
        {
            // Half of a surrogate pair, or bytes that are no UTF-8.
            throw new JsonException(error.Message, error);
        }

        header.Place();
        return header;
    }

    /// <summary>The header of arrays and texts that are to be written, with zeros for the checksum's digits.</summary>
    /// <exception cref="ArgumentException">A reader would refuse it, or get something else back.</exception>
    public static byte[] Compose(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.ContainsKey(ChecksumName))
        {
            throw new ArgumentException($"The text {ChecksumName} is reserved for the checksum.", nameof(metadata));
        }

        byte[] text = Text(tensors, metadata);
        SafetensorsHeader header;
        try
        {
            header = Parse(text);
        }
        catch (JsonException error)
        {
            throw new ArgumentException(
                $"These arrays and texts are no safetensors file: {error.Message}.", nameof(tensors), error);
        }

        // The writer of JSON puts U+FFFD where a text is no Unicode.
        if (tensors.FirstOrDefault(tensor => !header.Tensors.ContainsKey(tensor.Name)) is { } lost)
        {
            throw new ArgumentException(
                $"A name of {lost.Name.Length} characters has half of a surrogate pair in it, or is reserved.", nameof(tensors));
        }

        string? changed = metadata.Keys.FirstOrDefault(key => header.Metadata.GetValueOrDefault(key) != metadata[key]);
        return changed is null ? text : throw new ArgumentException(
            $"A text of the metadata has half of a surrogate pair in it; its name has {changed.Length} characters.",
            nameof(metadata));
    }

    /// <summary>
    /// The checksum's digits where a header has them at the place that they have in files of PacGen's; else null.
    /// </summary>
    public string? ChecksumIn(ReadOnlySpan<byte> text) =>
        text.StartsWith(ChecksumPrefix) && Metadata.TryGetValue(ChecksumName, out string? digits)
            && digits.Length == ChecksumDigits
        && text[ChecksumPrefix.Length..].StartsWith(Encoding.UTF8.GetBytes(digits)) ? digits : null;

    /// <summary>Writes the checksum's digits into a header.</summary>
    public static void SetChecksum(Span<byte> text, ReadOnlySpan<byte> hash) =>
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash), text[ChecksumPrefix.Length..]);

    /// <summary>Puts zeros in the place of the checksum's digits.</summary>
    public static void ClearChecksum(Span<byte> text) => text.Slice(ChecksumPrefix.Length, ChecksumDigits).Fill((byte)'0');

    private static byte[] Text(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataName);
            json.WriteString(ChecksumName, new string('0', ChecksumDigits));
            foreach ((string key, string value) in metadata)
            {
                json.WriteString(key, value);
                RequireRoom(json);
            }

            json.WriteEndObject();
            long begin = 0;
            foreach (NamedTensor tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (long extent in tensor.Shape)
                {
                    json.WriteNumberValue(extent);
                    RequireRoom(json);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                json.WriteNumberValue(begin += (long)tensor.Values.Length * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
                RequireRoom(json);
            }

            json.WriteEndObject();
        }

        while (text.Length % Alignment != 0)
        {
            text.WriteByte((byte)' ');
        }

        return text.ToArray();
    }

    private static void RequireRoom(Utf8JsonWriter json)
    {
        if (json.BytesCommitted + json.BytesPending > LongestHeader)
        {
            throw new ArgumentException($"The header would be longer than {LongestHeader} bytes, and no more are read.");
        }
    }

    private void Read(ReadOnlySpan<byte> text)
    {
        Utf8JsonReader json = new(text);
        Expect(ref json, JsonTokenType.StartObject);
        bool hasMetadata = false;
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            Expect(ref json, JsonTokenType.StartObject);
            if (key == MetadataName)
            {
                hasMetadata = hasMetadata ? throw new JsonException($"the name {Printable.Name(key)} comes twice") : true;
                ReadMetadata(ref json);
                continue;
            }

            RequireName(key);
            if (!Tensors.TryAdd(key, ReadTensor(ref json, key)))
            {
                throw new JsonException($"the name {Printable.Name(key)} comes twice");
            }

            if (Tensors.Count > MostTensors)
            {
                throw new JsonException($"it has more than {MostTensors} arrays");
            }
        }

        if (json.Read())
        {
            throw new JsonException("something follows the header's end");
        }
    }

    private static void RequireName(string key)
    {
        if (key.Length is 0 or > LongestName || key.Any(char.IsControl))
        {
            throw new JsonException(
                $"an array's name has {key.Length} characters, of which {key.Count(char.IsControl)} control characters; 1 to " +
                    $"{LongestName} and none are allowed");
        }
    }

    private void ReadMetadata(ref Utf8JsonReader json)
    {
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            Expect(ref json, JsonTokenType.String);
            if (!Metadata.TryAdd(key, json.GetString()!))
            {
                throw new JsonException($"the text {Printable.Name(key)} comes twice");
            }

            if (Metadata.Count > MostTexts)
            {
                throw new JsonException($"it has more than {MostTexts} texts");
            }
        }
    }

    private static SafetensorInfo ReadTensor(ref Utf8JsonReader json, string key)
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
                    shape = ReadNumbers(ref json, key, HighestRank);
                    break;
                case "data_offsets":
                    first = places is null;
                    places = ReadNumbers(ref json, key, 2);
                    break;
                default:
                    throw new JsonException($"{Printable.Name(key)} has an unknown field {Printable.Name(field)}");
            }

            if (!first)
            {
                throw new JsonException($"{Printable.Name(key)} has {field} twice");
            }
        }

        if (type is null || shape is null || places is not [long begin, long end])
        {
            throw new JsonException($"{Printable.Name(key)} lacks dtype, shape or two data_offsets");
        }

        if (!TypeSizes.TryGetValue(type, out int size))
        {
            throw new JsonException($"{Printable.Name(key)} is of the unknown type {Printable.Name(type)}");
        }

        // The product of extents below 2⁶³ with each step checked: Int128 can't overflow before the check.
        Int128 bytes = size;
        foreach (long extent in shape)
        {
            bytes *= extent;
            if (bytes > long.MaxValue)
            {
                throw new JsonException($"{Printable.Name(key)} is larger than any file");
            }
        }

        return end >= begin && bytes == end - begin
            ? new SafetensorInfo(key, type, [.. shape], begin, end)
            : throw new JsonException(
                $"{Printable.Name(key)} has the bytes {begin} to {end}, but its shape ({string.Join(", ", shape)}) of {type} " +
                    $"takes {bytes}");
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader json, string key, int most)
    {
        Expect(ref json, JsonTokenType.StartArray);
        List<long> numbers = [];
        while (Next(ref json) == JsonTokenType.Number)
        {
            if (!json.TryGetInt64(out long number) || number < 0 || numbers.Count == most)
            {
                throw new JsonException(
                    $"{Printable.Name(key)} has a number that is no whole one of 0 or more, or more than {most} numbers in an " +
                        $"array");
            }

            numbers.Add(number);
        }

        return json.TokenType == JsonTokenType.EndArray
            ? numbers
            : throw new JsonException($"{Printable.Name(key)} has something in an array that is no number");
    }

    private static JsonTokenType Next(ref Utf8JsonReader json) =>
        json.Read() ? json.TokenType : throw new JsonException("the header ends early");

    private static void Expect(ref Utf8JsonReader json, JsonTokenType type)
    {
        if (Next(ref json) != type)
        {
            throw new JsonException($"{json.TokenType} stands where {type} should");
        }
    }

    private void Place()
    {
        foreach (SafetensorInfo info in Tensors.Values.OrderBy(info => info.Begin).ThenBy(info => info.End))
        {
            if (info.Begin != DataLength)
            {
                throw new JsonException(
                    $"{Printable.Name(info.Name)} begins at byte {info.Begin} of the data, but what is before it ends at " +
                    $"{DataLength}");
            }

            DataLength = info.End;
        }
    }
}
