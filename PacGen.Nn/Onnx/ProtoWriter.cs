using System.Buffers;
using Google.Protobuf;

namespace PacGen.Nn;

/// <summary>Writes a message of Protocol Buffers field by field; the numbers of the fields are those of the schema.</summary>
internal sealed class ProtoWriter
{
    private readonly ArrayBufferWriter<byte> bytes = new();

    /// <summary>The message.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes.WrittenMemory;

    /// <summary>A whole number.</summary>
    public ProtoWriter Number(int field, long value) => Write(output =>
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    });

    /// <summary>A number in single precision.</summary>
    public ProtoWriter Float(int field, float value) => Write(output =>
    {
        output.WriteTag(field, WireFormat.WireType.Fixed32);
        output.WriteFloat(value);
    });

    /// <summary>A text.</summary>
    public ProtoWriter Text(int field, string value) => Write(output =>
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(value);
    });

    /// <summary>Bytes.</summary>
    public ProtoWriter Raw(int field, ReadOnlyMemory<byte> value) => Write(output =>
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(value));
    });

    /// <summary>A message in this one.</summary>
    public ProtoWriter Message(int field, ProtoWriter message) => Raw(field, message.Bytes);

    private ProtoWriter Write(Action<CodedOutputStream> write)
    {
        using MemoryStream stream = new();
        using (CodedOutputStream output = new(stream, leaveOpen: true))
        {
            write(output);
        }

        bytes.Write(stream.GetBuffer().AsSpan(0, (int)stream.Length));
        return this;
    }
}
