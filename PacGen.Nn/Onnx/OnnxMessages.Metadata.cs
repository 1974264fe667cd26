using Google.Protobuf;

namespace PacGen.Nn;

/// <content>What a file notes besides its graph, by keys of the program that wrote it.</content>
internal sealed partial class OnnxMessages
{
    /// <summary>A file's notes; its graph is passed over.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is no message.</exception>
    public static IReadOnlyDictionary<string, string> Metadata(ReadOnlyMemory<byte> bytes)
    {
        Dictionary<string, string> notes = new(StringComparer.Ordinal);
        Read(bytes, (field, input) =>
        {
            if (field == 14)
            {
                Note(input.ReadBytes(), notes);
            }

            return field == 14;
        });
        return notes;
    }

    private static void Note(ByteString bytes, Dictionary<string, string> notes)
    {
        string key = "", value = "";
        Read(bytes.Memory, (field, input) =>
        {
            (key, value) = field switch
            {
                1 => (input.ReadString(), value),
                2 => (key, input.ReadString()),
                _ => (key, value),
            };
            return field is 1 or 2;
        });
        notes[key] = value;
    }
}
