using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using PacGen.Core.Files;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// A file in the safetensors format: eight little-endian bytes with the length of a header, the header in JSON (each array's
/// type, shape and place, and texts by name under <c>__metadata__</c>), then the arrays' bytes without gaps. Everything that the
/// header says is checked before it is believed; reading allocates no more than the header and the arrays that are asked for.
/// </summary>
/// <remarks>
/// Files that PacGen writes carry a SHA-256 of the whole file in their metadata, as its first entry and so at a known place; it
/// is computed with 64 zeros where its digits stand. Other readers see one text more.
/// </remarks>
/// <example>
/// <code>
/// using SafetensorsFile file = SafetensorsFile.Open("model.safetensors");
/// float[] weight = file.Read("conv1.weight");
/// </code>
/// </example>
public sealed class SafetensorsFile : TensorFile
{
    private const int LengthBytes = sizeof(long), Chunk = 1 << 16, LargeChunk = 1 << 22;

    private readonly Stream stream;
    private readonly string name;
    private readonly long dataStart;
    private readonly string? checksum;
    private readonly SafetensorsHeader header;

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
        if (stated < 2 || stated > (ulong)Math.Min(length - LengthBytes, SafetensorsHeader.LongestHeader))
        {
            throw Damaged(
                $"its header should be {stated} bytes long, but the file has {length} and a header at most " +
                    $"{SafetensorsHeader.LongestHeader}");
        }

        byte[] text = new byte[stated];
        ReadExactly(LengthBytes, text);
        dataStart = LengthBytes + text.Length;
        try
        {
            header = SafetensorsHeader.Parse(text);
        }
        catch (JsonException error)
        {
            throw new CheckpointException(
                $"{name} can't be used: its header is no JSON of safetensors ({error.Message.ReplaceLineEndings(" ")}). Get or " +
                    $"save the file again.", error);
        }

        if (header.DataLength != length - dataStart)
        {
            throw Damaged($"its arrays take {header.DataLength} bytes, but {length - dataStart} are there");
        }

        checksum = header.ChecksumIn(text);
    }

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, SafetensorInfo> Tensors => new ReadOnlyDictionary<string, SafetensorInfo>(
        header.Tensors);

    /// <summary>The texts under <c>__metadata__</c>, by name; none where the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => new ReadOnlyDictionary<string, string>(header.Metadata);

    /// <summary>Whether the file carries the checksum that PacGen writes.</summary>
    public bool HasChecksum => checksum is not null;

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The file, its header read; who opened it disposes of it.</returns>
    /// <exception cref="CheckpointException">It is not there, can't be read, or is not in the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Opened(
            path, "is damaged or no safetensors file: it is empty or no regular file. Get or save it again.", bufferSize: 1,
            stream => new SafetensorsFile(stream, path));
    }

    /// <summary>
    /// Writes arrays of floats and texts; the checksum is added to the texts. What is accepted is what a reader gets back, the
    /// same bits.
    /// </summary>
    /// <param name="path">The file; it is replaced as a whole or not at all.</param>
    /// <param name="tensors">
    /// The arrays: at most 100,000, of at most 16 axes, with names of 1 to 1,024 characters, none of them a control character or
    /// half of a surrogate pair, and each once.
    /// </param>
    /// <param name="metadata">The texts, by name: with the checksum at most 100,000. The header that says all this is at most 16
    /// MiB long.</param>
    /// <exception cref="ArgumentException">A reader would refuse the file, or get something else back. Nothing was
    /// written.</exception>
    /// <exception cref="IOException">The file can't be written; what was there before is still there.</exception>
    public static void Save(string path, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        byte[] text = Compose(tensors, metadata);
        AtomicFile.Write(path, stream => Write(stream, text, tensors));
    }

    /// <summary>Writes arrays of floats and texts to a stream; otherwise as <see cref="Save"/>.</summary>
    /// <param name="stream">Where to; it stays open.</param>
    /// <param name="tensors">The arrays, each with a name of its own.</param>
    /// <param name="metadata">Texts by name; none without it.</param>
    /// <exception cref="ArgumentException">A reader would refuse the file, or get something else back. Nothing was
    /// written.</exception>
    public static void Write(
        Stream stream, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Write(stream, Compose(tensors, metadata), tensors);
    }

    private static byte[] Compose(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return SafetensorsHeader.Compose(tensors, metadata ?? new Dictionary<string, string>());
    }

    private static void Write(Stream stream, byte[] text, IReadOnlyList<NamedTensor> tensors)
    {
        byte[] length = new byte[LengthBytes];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(length);
        hash.AppendData(text);
        ForEachChunk(tensors, hash.AppendData);
        SafetensorsHeader.SetChecksum(text, hash.GetHashAndReset());
        stream.Write(length);
        stream.Write(text);
        ForEachChunk(tensors, stream.Write);
    }

    /// <inheritdoc/>
    public override float[] Read(string tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!header.Tensors.TryGetValue(tensor, out SafetensorInfo? info))
        {
            throw new CheckpointException($"{name} has no array {tensor}; it has {Some(header.Tensors.Keys)}.");
        }

        if (info.Type is not ("F32" or "F16" or "BF16" or "F64"))
        {
            throw new CheckpointException(
                $"{tensor} in {name} holds {info.Type}, but only F32, F16, BF16 and F64 are read: save it as one of these.");
        }

        if (info.Count > Array.MaxLength)
        {
            throw new CheckpointException($"{tensor} in {name} has {info.Count} elements; at most {Array.MaxLength} are read.");
        }

        float[] values = new float[info.Count];
        if (info.Type == "F32" && BitConverter.IsLittleEndian)
        {
            // A span of more than 2³¹ bytes can't be.
            for (int start = 0; start < values.Length; start += LargeChunk)
            {
                Span<float> part = values.AsSpan(start, Math.Min(LargeChunk, values.Length - start));
                ReadExactly(dataStart + info.Begin + ((long)start * sizeof(float)), MemoryMarshal.AsBytes(part));
            }

            return values;
        }

        int size = SafetensorsHeader.TypeSizes[info.Type];
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
                    "F64" => InSinglePrecision(BinaryPrimitives.ReadDoubleLittleEndian(one), tensor, done + i),
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
        SafetensorsHeader.ClearChecksum(head.AsSpan(LengthBytes));
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
    public override void Dispose() => stream.Dispose();

    private delegate void BytesAction(ReadOnlySpan<byte> bytes);

    private static void ForEachChunk(IReadOnlyList<NamedTensor> tensors, BytesAction act)
    {
        byte[] swapped = BitConverter.IsLittleEndian ? [] : new byte[sizeof(float)];
        foreach (NamedTensor tensor in tensors)
        {
            if (BitConverter.IsLittleEndian)
            {
                for (int start = 0; start < tensor.Values.Length; start += LargeChunk)
                {
                    act(MemoryMarshal.AsBytes(
                        tensor.Values.Span.Slice(start, Math.Min(LargeChunk, tensor.Values.Length - start))));
                }

                continue;
            }

            foreach (float value in tensor.Values.Span)
            {
                BinaryPrimitives.WriteSingleLittleEndian(swapped, value);
                act(swapped);
            }
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

    private CheckpointException Damaged(string what) =>
        new($"{name} is damaged or no safetensors file: {what}. Get or save it again.");
}
