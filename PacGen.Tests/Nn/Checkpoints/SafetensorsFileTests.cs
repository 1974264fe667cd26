using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using PacGen.Nn.Checkpoints;
using PacGen.Tests.Nn.Data;

namespace PacGen.Tests.Nn.Checkpoints;

/// <summary>The safetensors format, written and read; the reference here is the format's description, by hand.</summary>
internal sealed class SafetensorsFileTests
{
    private static readonly float[] Weight = [1, -2.5f, float.Epsilon, float.MaxValue, 0, -0f];

    [Test]
    public void WhatIsWrittenIsRead()
    {
        using TemporaryFolder folder = new();
        SafetensorsFile.Save(folder["a.safetensors"], [
            new NamedTensor("weight", [2, 3], Weight), new NamedTensor("empty", [0, 4], Array.Empty<float>()), new NamedTensor("β/one", [], new[] { 7f }),
        ], new Dictionary<string, string> { ["note"] = "γ = \"10\"\n" });
        using SafetensorsFile file = SafetensorsFile.Open(folder["a.safetensors"]);
        file.VerifyChecksum();
        Assert.That(file.Tensors.Keys, Is.EqualTo(new[] { "weight", "empty", "β/one" }));
        Assert.That(file.Tensors["weight"].Shape, Is.EqualTo(new long[] { 2, 3 }));
        Assert.That(file.Read("weight").Select(BitConverter.SingleToInt32Bits), Is.EqualTo(Weight.Select(BitConverter.SingleToInt32Bits)));
        Assert.That(file.Read("empty"), Is.Empty);
        Assert.That(file.Read("β/one"), Is.EqualTo(new[] { 7f }));
        Assert.That(file.Metadata["note"], Is.EqualTo("γ = \"10\"\n"));
        Assert.That(folder.Contents, Has.Length.EqualTo(1));
    }

    /// <summary>Reads a file as the format's description says, with nothing of PacGen's reader.</summary>
    [Test]
    public void TheFileIsWhatTheFormatDescribes()
    {
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, [new NamedTensor("a", [3], new[] { 1f, 2f, 3f }), new NamedTensor("b", [1, 2], new[] { 4f, 5f })], new Dictionary<string, string> { ["k"] = "v" });
        byte[] bytes = stream.ToArray();
        int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        Assert.That((8 + length) % 8, Is.Zero, "the data is aligned");
        JsonObject header = JsonNode.Parse(Encoding.UTF8.GetString(bytes, 8, length))!.AsObject();
        Assert.That(header["__metadata__"]!["k"]!.GetValue<string>(), Is.EqualTo("v"));
        Assert.That(header["b"]!["dtype"]!.GetValue<string>(), Is.EqualTo("F32"));
        Assert.That(header["b"]!["shape"]!.ToJsonString(), Is.EqualTo("[1,2]"));
        Assert.That(header["b"]!["data_offsets"]!.ToJsonString(), Is.EqualTo("[12,20]"));
        Assert.That(BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(8 + length + 16)), Is.EqualTo(5f));
        Assert.That(bytes, Has.Length.EqualTo(8 + length + 20));
    }

    [Test]
    public void OtherTypesAreConverted()
    {
        byte[] data = new byte[4 + 4 + 16];
        BinaryPrimitives.WriteHalfLittleEndian(data, (Half)1.5f);
        BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(2), Half.Epsilon);
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(4), 0x3FC0);
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(6), 0xC000);
        BinaryPrimitives.WriteDoubleLittleEndian(data.AsSpan(8), 0.1);
        BinaryPrimitives.WriteDoubleLittleEndian(data.AsSpan(16), 1e300);
        using SafetensorsFile file = Parse(
            """{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},"d":{"dtype":"F64","shape":[2],"data_offsets":[8,24]}}   """, data);
        Assert.That(file.Read("h"), Is.EqualTo(new[] { 1.5f, (float)Half.Epsilon }));
        Assert.That(file.Read("b"), Is.EqualTo(new[] { 1.5f, -2f }));
        Assert.That(file.Read("d"), Is.EqualTo(new[] { 0.1f, float.PositiveInfinity }));
        Assert.That(file.HasChecksum, Is.False);
        Assert.That(file.VerifyChecksum, Throws.TypeOf<CheckpointException>().With.Message.Contains("another program"));
        Assert.That(() => file.Read("x"), Throws.TypeOf<CheckpointException>().With.Message.Contains("it has h, b, d"));
    }

    [TestCase("""[]""", 0, "does not begin with {")]
    [TestCase(""" {}""", 0, "does not begin with {")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "comes twice")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "begins at byte 0")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "begins at byte 4")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "take 4 bytes, but 5")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "take 8 bytes, but 4")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", 8, "takes 4")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "takes 4")]
    [TestCase("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "whole one")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "whole one")]
    [TestCase("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "larger than any file")]
    [TestCase("""{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown type")]
    [TestCase("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "twice")]
    [TestCase("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "lacks")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", 4, "unknown field")]
    [TestCase("""{"__metadata__":{"k":1}}""", 0, "Number stands where String")]
    [TestCase("""{"__metadata__":{"k":"1","k":"2"}}""", 0, "comes twice")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""", 4, "no JSON")]
    [TestCase("""{}{}""", 0, "no JSON")]
    [TestCase("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "no JSON")]
    public void WhatTheFormatForbidsIsRefused(string header, int data, string says) => Assert.That(
        () => Parse(header, new byte[data]), Throws.TypeOf<CheckpointException>().With.Message.Contains(says).And.Message.Not.Contains("\n"));

    [TestCase(new byte[0])]
    [TestCase(new byte[] { 2, 0, 0, 0, 0, 0, 0, 0 })]
    [TestCase(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 123, 125 })]
    [TestCase(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 123, 125 })]
    [TestCase(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 123, 125 })]
    public void AHeaderThatDoesNotFitIsRefused(byte[] bytes) =>
        Assert.That(() => new SafetensorsFile(new MemoryStream(bytes), "file"), Throws.TypeOf<CheckpointException>().With.Message.Contains("file is damaged"));

    [Test]
    public void AnyChangedByteIsSeen()
    {
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, [new NamedTensor("a", [3], new[] { 1f, 2f, 3f })]);
        byte[] good = stream.ToArray();
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bytes = [.. good];
            bytes[i] ^= 1;
            Assert.That(() => Verify(bytes), Throws.TypeOf<CheckpointException>(), $"byte {i}");
        }

        Assert.That(() => Verify(good), Throws.Nothing);
    }

    [Test]
    public void WhatCanNotBeWrittenIsRefused()
    {
        Assert.That(() => SafetensorsFile.Write(Stream.Null, [new NamedTensor("a", [2], new float[3])]), Throws.ArgumentException);
        Assert.That(() => SafetensorsFile.Write(Stream.Null, [new NamedTensor("a", [0], Array.Empty<float>()), new NamedTensor("a", [0], Array.Empty<float>())]), Throws.ArgumentException);
        Assert.That(() => SafetensorsFile.Write(Stream.Null, [new NamedTensor("__metadata__", [0], Array.Empty<float>())]), Throws.ArgumentException);
        Assert.That(() => SafetensorsFile.Write(Stream.Null, [], new Dictionary<string, string> { ["sha256"] = "" }), Throws.ArgumentException);
    }

    private static void Verify(byte[] bytes)
    {
        using SafetensorsFile file = new(new MemoryStream(bytes), "file");
        file.VerifyChecksum();
    }

    private static SafetensorsFile Parse(string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        return new SafetensorsFile(new MemoryStream([.. length, .. text, .. data]), "file");
    }
}
