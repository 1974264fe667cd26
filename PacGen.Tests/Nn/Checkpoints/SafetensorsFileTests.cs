using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>The safetensors format, written and read; the reference here is the format's description, by hand.</summary>
internal sealed class SafetensorsFileTests
{
    private static readonly float[] Weight = [1, -2.5f, float.Epsilon, float.MaxValue, 0, -0f];

    [Test]
    public void WhatIsWrittenIsRead()
    {
        using TemporaryFolder folder = new();
        SafetensorsFile.Save(folder["a.safetensors"], [
            new NamedTensor("weight", [2, 3], Weight), new NamedTensor("empty", [0, 4], Array.Empty<float>()),
            new NamedTensor("β/one", [], new[] { 7f }),
        ], new Dictionary<string, string> { ["note"] = "γ = \"10\"\n" });
        using SafetensorsFile file = SafetensorsFile.Open(folder["a.safetensors"]);
        file.VerifyChecksum();
        Assert.That(file.Tensors.Keys, Is.EqualTo(new[] { "weight", "empty", "β/one" }));
        Assert.That(file.Tensors["weight"].Shape, Is.EqualTo(new long[] { 2, 3 }));
        Assert.That(
            file.Read("weight").Select(BitConverter.SingleToInt32Bits),
            Is.EqualTo(Weight.Select(BitConverter.SingleToInt32Bits)));
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
        SafetensorsFile.Write(
            stream, [new NamedTensor("a", [3], new[] { 1f, 2f, 3f }), new NamedTensor("b", [1, 2], new[] { 4f, 5f })],
            new Dictionary<string, string> { ["k"] = "v" });
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
        BinaryPrimitives.WriteDoubleLittleEndian(data.AsSpan(16), double.NegativeInfinity);
        using SafetensorsFile file = Parse(
            """{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},"d":{"dtype":"F64","shape":[2],"data_offsets":[8,24]}}   """, data);
        Assert.That(file.Read("h"), Is.EqualTo(new[] { 1.5f, (float)Half.Epsilon }));
        Assert.That(file.Read("b"), Is.EqualTo(new[] { 1.5f, -2f }));
        Assert.That(file.Read("d"), Is.EqualTo(new[] { 0.1f, float.NegativeInfinity }));
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
        () => Parse(header, new byte[data]),
        Throws.TypeOf<CheckpointException>().With.Message.Contains(says).And.Message.Not.Contains("\n"));

    [TestCase(new byte[0])]
    [TestCase(new byte[] { 2, 0, 0, 0, 0, 0, 0, 0 })]
    [TestCase(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 123, 125 })]
    [TestCase(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 123, 125 })]
    [TestCase(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 123, 125 })]
    public void AHeaderThatDoesNotFitIsRefused(byte[] bytes) =>
        Assert.That(
            () => new SafetensorsFile(new MemoryStream(bytes), "file"),
            Throws.TypeOf<CheckpointException>().With.Message.Contains("file is damaged"));

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
        Assert.That(
            () => SafetensorsFile.Write(Stream.Null, [new NamedTensor("a", [2], new float[3])]), Throws.ArgumentException);
        Assert.That(() => SafetensorsFile.Write(
            Stream.Null, [new NamedTensor("a", [0], Array.Empty<float>()), new NamedTensor("a", [0], Array.Empty<float>())]),
            Throws.ArgumentException);
        Assert.That(
            () => SafetensorsFile.Write(Stream.Null, [new NamedTensor("__metadata__", [0], Array.Empty<float>())]),
            Throws.ArgumentException);
        Assert.That(
            () => SafetensorsFile.Write(Stream.Null, [], new Dictionary<string, string> { ["sha256"] = "" }),
            Throws.ArgumentException);
    }

    /// <summary>1e300 is finite and its nearest single-precision number is not: what is read would be another network.</summary>
    [TestCase(1e300)]
    [TestCase(-3.5e38)]
    public void ADoubleBeyondSinglePrecisionIsRefused(double large)
    {
        byte[] data = new byte[16];
        BinaryPrimitives.WriteDoubleLittleEndian(data.AsSpan(8), large);
        using SafetensorsFile file = Parse("""{"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}""", data);
        Assert.That(() => file.Read("d"), Throws.TypeOf<CheckpointException>().With.Message.Contains(
            "d in file").And.Message.Contains("element 1 is"));
    }

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    public void WhatMustBeFiniteIsRefusedByNameAndPlace(float lost)
    {
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, [new NamedTensor("a", [3], new[] { 1f, 2f, lost })]);
        using SafetensorsFile file = new(stream, "file");
        Assert.That(file.Read("a")[2], Is.EqualTo(lost));
        Assert.That(
            () => file.ReadFinite("a"),
            Throws.TypeOf<CheckpointException>().With.Message.Contains("a in file").And.Message.Contains("element 2 is"));
    }

    /// <summary>The limits, one at and one past each, on both sides: the reader's is a header by hand.</summary>
    [TestCase(16, true)]
    [TestCase(17, false)]
    public void RankIsLimitedOnBothSides(int rank, bool allowed)
    {
        long[] shape = [.. Enumerable.Repeat(1L, rank)];
        BothSides(allowed, [new NamedTensor("a", shape, new float[1])], $$$"""{"a":{"dtype":"F32","shape":[{{{string.Join(',', shape)}}}],"data_offsets":[0,4]}}""", 4);
    }

    [TestCase(100_000, true)]
    [TestCase(100_001, false)]
    public void ArraysAreLimitedOnBothSides(int count, bool allowed) => BothSides(
        allowed,
        [.. Enumerable.Range(0, count).Select(i => new NamedTensor($"{i}", [0], Array.Empty<float>()))],
        $"{{{string.Join(',', Enumerable.Range(0, count).Select(i => $$"""
            "{{i}}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}
            """))}}}",
        0);

    [TestCase("", false)]
    [TestCase(" ", true)]
    [TestCase("a\u001b[31m", false)]
    [TestCase("a\nb", false)]
    [TestCase("\ud83d\ude00", true)]
    [TestCase("0123456789abcdef*64", true)]
    [TestCase("0123456789abcdef*64x", false)]
    [TestCase("__metadata__", false)]
    public void NamesAreLimitedOnBothSides(string name, bool allowed)
    {
        name = name.Replace(
            "0123456789abcdef*64", string.Concat(Enumerable.Repeat("0123456789abcdef", 64)), StringComparison.Ordinal);
        string json = string.Concat(name.Select(letter => $"\\u{(int)letter:x4}"));
        BothSides(allowed, [new NamedTensor(name, [1], new float[1])], $$$"""{"{{{json}}}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4);
    }

    [Test]
    public void WhatAReaderWouldRefuseIsNotWritten()
    {
        string most = new('x', 16 << 20);
        (NamedTensor[] Tensors, Dictionary<string, string> Texts)[] cases =
        [
            ([new NamedTensor("a", [-1, -3], new float[3])], []),
            ([new NamedTensor("a", [-1], Array.Empty<float>())], []),
            ([new NamedTensor("a", [long.MaxValue, long.MaxValue, long.MaxValue], new float[1])], []),
            ([new NamedTensor("a", [1L << 32, 1L << 32], Array.Empty<float>())], []),
            ([new NamedTensor("a\ud800", [1], new float[1]), new NamedTensor("a\udc00", [1], new float[1])], []),
            ([], new() { ["k"] = most }),
            ([], new() { [most] = "v" }),
            ([], new() { ["k"] = "\udfff" }),
            ([], new() { ["\udfff"] = "v" }),
            ([], Enumerable.Range(0, 100_000).ToDictionary(i => $"{i}", _ => "")),
        ];
        foreach ((NamedTensor[] tensors, Dictionary<string, string> texts) in cases)
        {
            using MemoryStream stream = new();
            Assert.That(
                () => SafetensorsFile.Write(stream, tensors, texts), Throws.ArgumentException,
                $"{tensors.FirstOrDefault()} {texts.Count}");
            Assert.That(stream.Length, Is.Zero, "before anything is written");
        }
    }

    /// <summary>Whatever is accepted is read back, bit for bit; whatever is not leaves no byte.</summary>
    [Test]
    public void WhateverIsAcceptedIsReadBack()
    {
        int seed = Random.Shared.Next(), accepted = 0;
        Random random = new(seed);
        const int Count = 3000;
        for (int round = 0; round < Count; round++)
        {
            NamedTensor[] tensors = [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomTensor(random))];
            Dictionary<string, string> texts = [];
            for (int left = random.Next(3); left > 0; left--)
            {
                texts[RandomText(random)] = RandomText(random);
            }

            using MemoryStream stream = new();
            try
            {
                SafetensorsFile.Write(stream, tensors, texts);
            }
            catch (ArgumentException)
            {
                Assert.That(stream.Length, Is.Zero, $"seed {seed}, round {round}");
                continue;
            }

            accepted++;
            using SafetensorsFile file = new(stream, "file");
            file.VerifyChecksum();
            texts["sha256"] = file.Metadata["sha256"];
            Assert.That(file.Metadata, Is.EquivalentTo(texts), $"seed {seed}, round {round}");
            Assert.That(file.Tensors.Keys, Is.EquivalentTo(tensors.Select(tensor => tensor.Name)), $"seed {seed}, round {round}");
            foreach (NamedTensor tensor in tensors)
            {
                Assert.That(file.Tensors[tensor.Name].Shape, Is.EqualTo(tensor.Shape), $"seed {seed}, round {round}");
                Assert.That(
                    file.Read(tensor.Name).Select(BitConverter.SingleToInt32Bits),
                    Is.EqualTo(tensor.Values.ToArray().Select(BitConverter.SingleToInt32Bits)), $"seed {seed}, round {round}");
            }
        }

        Assert.That(accepted, Is.InRange(Count / 4, Count * 3 / 4), "both happen");
    }

    private static NamedTensor RandomTensor(Random random)
    {
        long[] shape = [.. Enumerable.Range(0, random.Next(random.Next(8) == 0 ? 19 : 4)).Select(
            _ => (long)random.Next(random.Next(20) == 0 ? -2 : 0, 4))];
        long count = Math.Abs(shape.Aggregate(1L, (product, extent) => product * extent));
        float[] values = new float[Math.Min(5000, count) + (random.Next(20) == 0 ? 1 : 0)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
        }

        return new NamedTensor(random.Next(3) > 0 ? $"layer{random.Next(9)}.weight" : RandomText(random), shape, values);
    }

    private static string RandomText(Random random) =>
        new([.. Enumerable.Range(0, random.Next(6)).Select(_ => random.Next(12) switch
    {
        0 => (char)random.Next(0x20),
        1 => (char)random.Next(0xD800, 0xE000),
        2 => (char)random.Next(0x10000),
        3 => '"',
        _ => (char)random.Next('a', 'z'),
    })]);

    private static void BothSides(bool allowed, NamedTensor[] tensors, string header, int data)
    {
        using MemoryStream stream = new();
        Action write = () => SafetensorsFile.Write(stream, tensors), read = () => Parse(header, new byte[data]).Dispose();
        Assert.That(write, allowed ? Throws.Nothing : Throws.ArgumentException);
        Assert.That(read, allowed ? Throws.Nothing : Throws.TypeOf<CheckpointException>());
        if (allowed)
        {
            using SafetensorsFile file = new(stream, "file");
            Assert.That(file.Tensors.Keys, Is.EqualTo(tensors.Select(tensor => tensor.Name)));
        }
        else
        {
            Assert.That(stream.Length, Is.Zero);
        }
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
