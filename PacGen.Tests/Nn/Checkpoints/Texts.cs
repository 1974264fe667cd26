using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PacGen.Tests.Nn;

/// <summary>
/// The texts of a safetensors file's header, changed as a person with an editor would, with the checksum of the new bytes.
/// </summary>
internal static class Texts
{
    private const string Metadata = "__metadata__", Checksum = "sha256";
    private const int ChecksumAt = 8 + 27, ChecksumDigits = 64;

    private static readonly string[] Values =
    [
        "", "0", "-1", "1", "10", "22", "2147483647", "2147483644", "2147483648", "4294967290", "9223372036854775807",
        "18446744073709551615", "1e400",
        "NaN", "null", "\u0665", "\u22121", "1,5", "../../x", "/dev/zero", "folder:/", "@x", "mlp", "mnist-cnn", "wide-resnet",
        "original", "digits",
        "\u001b[2J", string.Join(',', Enumerable.Repeat("1", 5000)), "30000,30000", "50000,50000", new string('9', 400),
        new string('[', 2000),
    ];

    /// <summary>A file with other texts; one that is set to null goes.</summary>
    public static byte[] With(byte[] file, params (string Name, string? Text)[] changes) => Edit(file, texts =>
    {
        foreach ((string name, string? text) in changes)
        {
            texts.Remove(name);
            if (text is not null)
            {
                texts[name] = text;
            }
        }
    });

    /// <summary>A file with one to three changes at random: a text, or a value within a text that is JSON.</summary>
    public static byte[] Mutate(byte[] file, Random random) => Edit(file, texts =>
    {
        for (int left = random.Next(1, 4); left > 0 && texts.Count > 0; left--)
        {
            string name = texts.ElementAt(random.Next(texts.Count)).Key, text = texts[name]!.GetValue<string>();
            JsonNode? inner = text.Length > 1 && text[0] is '{' or '[' ? Parse(text) : null;
            switch (random.Next(8))
            {
                case 0:
                    texts.Remove(name);
                    break;
                case 1:
                    texts[name] = texts.ElementAt(random.Next(texts.Count)).Value!.GetValue<string>();
                    break;
                default:
                    if (inner is not null && random.Next(10) > 0)
                    {
                        Mutate(inner, random);
                        texts[name] = inner.ToJsonString();
                    }
                    else
                    {
                        texts[name] = Values[random.Next(Values.Length)];
                    }

                    break;
            }
        }
    });

    private static byte[] Edit(byte[] file, Action<JsonObject> edit)
    {
        int length = checked((int)BinaryPrimitives.ReadInt64LittleEndian(file));
        JsonObject header = JsonNode.Parse(file.AsSpan(8, length))!.AsObject();
        JsonObject old = header[Metadata]!.AsObject();
        header.Remove(Metadata);
        old.Remove(Checksum);
        edit(old);
        JsonObject texts = new() { [Checksum] = new string('0', ChecksumDigits) }, edited = new() { [Metadata] = texts };
        foreach ((string name, JsonNode? text) in old)
        {
            texts[name] = text!.DeepClone();
        }

        foreach ((string name, JsonNode? array) in header)
        {
            edited[name] = array!.DeepClone();
        }

        byte[] text8 = JsonSerializer.SerializeToUtf8Bytes(edited), bytes = [
            .. new byte[8], .. text8, .. file.AsSpan(8 + length)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, text8.Length);
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.AsSpan(ChecksumAt));
        return bytes;
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Walks to some value and replaces, doubles or removes it.</summary>
    private static void Mutate(JsonNode node, Random random)
    {
        while (true)
        {
            JsonNode? next = node switch
            {
                JsonObject { Count: > 0 } one => one.ElementAt(random.Next(one.Count)).Value,
                JsonArray { Count: > 0 } many => many[random.Next(many.Count)],
                _ => null,
            };
            if (next is JsonObject { Count: > 0 } or JsonArray { Count: > 0 } && random.Next(5) > 0)
            {
                node = next;
                continue;
            }

            switch (node)
            {
                case JsonObject { Count: > 0 } one:
                    string key = one.ElementAt(random.Next(one.Count)).Key;
                    if (random.Next(6) == 0)
                    {
                        one.Remove(key);
                    }
                    else
                    {
                        one[key] = Value(random);
                    }

                    break;
                case JsonArray many when many.Count == 0 || random.Next(3) == 0:
                    JsonNode? repeated = many.Count == 0 ? Value(random) : many[random.Next(many.Count)];
                    for (int i = random.Next(2000); i > 0; i--)
                    {
                        many.Add(repeated?.DeepClone());
                    }

                    break;
                case JsonArray many:
                    many[random.Next(many.Count)] = Value(random);
                    break;
            }

            return;
        }
    }

    private static JsonNode? Value(Random random) => random.Next(12) switch
    {
        0 => null,
        1 => true,
        2 => new JsonArray(),
        3 => new JsonObject(),
        4 => JsonValue.Create(-1),
        5 => JsonValue.Create(int.MaxValue),
        6 => JsonValue.Create(long.MaxValue),
        7 => JsonValue.Create(random.NextDouble()),
        8 => JsonNode.Parse("1e999"),
        _ => JsonValue.Create(Values[random.Next(Values.Length)]),
    };
}
