using System.Buffers.Binary;
using System.Text;

namespace PacGen.Tests.Nn;

/// <summary>
/// What an event file says, read by the formats' descriptions: TFRecord frames, CRC-32C bit by bit, protobuf fields.
/// </summary>
internal sealed record EventReader(
    double Time, long Step, string? Version, bool Start, IReadOnlyList<(string Tag, float Value)> Scalars)
{
    public static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = 0xFFFF_FFFF;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1;
            }
        }

        return ~crc;
    }

    public static IReadOnlyList<EventReader> ReadFolder(string folder, bool killed = false) =>
        [.. Directory.GetFiles(folder, "events.out.tfevents.*").Order(StringComparer.Ordinal).SelectMany(
            path => Read(path, killed))];

    /// <param name="path">The file.</param>
    /// <param name="killed">Whether the last record may be cut off.</param>
    public static IReadOnlyList<EventReader> Read(string path, bool killed = false)
    {
        byte[] bytes = File.ReadAllBytes(path);
        List<EventReader> events = [];
        for (int at = 0; at < bytes.Length;)
        {
            if (killed && (
                bytes.Length < at + 12
                || (ulong)(bytes.Length - at - 16) < BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at))))
            {
                break;
            }

            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at)));
            Check(bytes.AsSpan(at, 8), bytes.AsSpan(at + 8));
            Check(bytes.AsSpan(at + 12, length), bytes.AsSpan(at + 12 + length));
            events.Add(Event(bytes.AsSpan(at + 12, length)));
            at += 16 + length;
        }

        return events;
    }

    private static void Check(ReadOnlySpan<byte> data, ReadOnlySpan<byte> masked)
    {
        uint rotated = BinaryPrimitives.ReadUInt32LittleEndian(masked) - 0xA282_EAD8;
        Assert.That((rotated << 15) | (rotated >> 17), Is.EqualTo(Crc(data)), "CRC-32C");
    }

    private static EventReader Event(ReadOnlySpan<byte> message)
    {
        double time = 0;
        long step = 0;
        string? version = null;
        bool start = false;
        List<(string, float)> scalars = [];
        while (Field(ref message, out int number, out ReadOnlySpan<byte> content, out ulong integer))
        {
            switch (number)
            {
                case 1:
                    time = BinaryPrimitives.ReadDoubleLittleEndian(content);
                    break;
                case 2:
                    step = (long)integer;
                    break;
                case 3:
                    version = Encoding.UTF8.GetString(content);
                    break;
                case 5:
                    while (Field(ref content, out int value, out ReadOnlySpan<byte> one, out _))
                    {
                        Assert.That(value, Is.EqualTo(1));
                        scalars.Add(Scalar(one));
                    }

                    break;
                case 7:
                    Field(ref content, out int status, out _, out ulong session);
                    start = (status, session) == (1, 1);
                    break;
                default:
                    Assert.Fail($"field {number} of an event");
                    break;
            }
        }

        return new EventReader(time, step, version, start, scalars);
    }

    private static (string Tag, float Value) Scalar(ReadOnlySpan<byte> message)
    {
        Field(ref message, out int first, out ReadOnlySpan<byte> tag, out _);
        Field(ref message, out int second, out ReadOnlySpan<byte> number, out _);
        Assert.That((first, second, message.Length), Is.EqualTo((1, 2, 0)));
        return (Encoding.UTF8.GetString(tag), BinaryPrimitives.ReadSingleLittleEndian(number));
    }

    private static bool Field(ref ReadOnlySpan<byte> message, out int number, out ReadOnlySpan<byte> content, out ulong integer)
    {
        number = 0;
        content = default;
        integer = 0;
        if (message.IsEmpty)
        {
            return false;
        }

        ulong key = Varint(ref message);
        number = (int)(key >> 3);
        int length = (key & 7) switch
        {
            0 => 0,
            1 => 8,
            2 => (int)Varint(ref message),
            5 => 4,
            _ => throw new InvalidDataException($"wire type {key & 7}"),
        };
        integer = (key & 7) == 0 ? Varint(ref message) : 0;
        content = message[..length];
        message = message[length..];
        return true;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> message)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = message[0];
            message = message[1..];
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
            {
                return value;
            }
        }
    }
}
