using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.IO.Compression;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// A file that <c>torch.save</c> wrote, <c>.pt</c> or <c>.pth</c>, with the arrays of a <c>state_dict</c>: a zip of a pickle and
/// of the arrays' bytes. The pickle is read by an unpickler that knows tensors and containers alone: nothing in the file is run,
/// and what would have to be is refused by its name.
/// </summary>
/// <example>
/// <code>
/// using PyTorchFile file = PyTorchFile.Open("model.pt");
/// PyTorchLayout.Of(model, example: new Shape(28, 28, 1)).Load(file, arena);
/// </code>
/// </example>
public sealed class PyTorchFile : TensorFile
{
    private const int LongestPickle = 64 << 20, HighestRank = 16, MostTensors = 100_000;
    private const string SaveAgain = "Save model.state_dict() with torch.save, or with safetensors.";

    /// <summary>The names under which scripts keep a state_dict beside epochs and optimizers.</summary>
    private static readonly string[] Keys = ["state_dict", "model_state_dict", "model_state", "model", "net", "weights"];

    /// <summary>How a file begins: as a zip, or as the pickle that came before it.</summary>
    private static readonly byte[] Zip = [(byte)'P', (byte)'K', 3, 4], Legacy = [0x80, 2, 0x8A, 10];

    private readonly Stream stream;
    private readonly ZipArchive zip;
    private readonly string name;
    private readonly string root;
    private readonly Dictionary<string, PickledTensor> tensors = [];
    private readonly ReadOnlyDictionary<string, SafetensorInfo> infos;

    /// <summary>Reads the pickle of a seekable stream, which is then this file's to dispose.</summary>
    /// <exception cref="CheckpointException">It is not in the format, or holds what isn't read.</exception>
    internal PyTorchFile(Stream stream, string name, string? key = null)
    {
        (this.stream, this.name) = (stream, name);
        Span<byte> first = stackalloc byte[4];
        if (stream.ReadAtLeast(first, 4, throwOnEndOfStream: false) == 4 && first.SequenceEqual(Legacy))
        {
            throw new CheckpointException($"{name} is in the format that PyTorch had before 1.6, which isn't read. {SaveAgain}");
        }

        try
        {
            zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            ZipArchiveEntry[] pickles =
                [.. zip.Entries.Where(entry => entry.FullName.EndsWith("/data.pkl", StringComparison.Ordinal))];
            if (zip.Entries.Any(entry => entry.FullName.EndsWith("/constants.pkl", StringComparison.Ordinal)))
            {
                throw new CheckpointException($"{name} holds a TorchScript program, which is code: it isn't read. {SaveAgain}");
            }

            root = pickles.Length == 1 ? pickles[0].FullName[..^"data.pkl".Length] : throw Damaged(
                $"it is a zip with {pickles.Length} files data.pkl");
            if (zip.GetEntry(root + "byteorder") is { } order && !Bytes(order, 16).AsSpan().SequenceEqual("little"u8))
            {
                throw new CheckpointException($"{name} was written on a big-endian machine, which isn't read. {SaveAgain}");
            }

            Take(StateOf(new PyTorchPickle(Bytes(pickles[0], LongestPickle)).Load(), key));
        }
        catch (PickleException error)
        {
            throw new CheckpointException($"{name} can't be used: {error.Message} {SaveAgain}", error);
        }
        catch (Exception error) when (error is InvalidDataException or IOException or NotSupportedException or ArgumentException)
        {
            throw new CheckpointException(
                $"{name} is damaged or no file of torch.save: {error.Message.ReplaceLineEndings(" ")} {SaveAgain}", error);
        }

        infos = new(tensors.ToDictionary(one => one.Key, one => Info(one.Key, one.Value)));
    }

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, SafetensorInfo> Tensors => infos;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">Where the arrays are, in a checkpoint that holds more than one set of them; without it the file's own,
    /// or those under state_dict, model_state_dict or another usual name.</param>
    /// <returns>The file, its header read; who opened it disposes of it.</returns>
    /// <exception cref="CheckpointException">It is not there, can't be read, is not in the format, or would run code.</exception>
    public static PyTorchFile Open(string path, string? key = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Opened(
            path, $"is no file of torch.save: it is empty or no regular file. {SaveAgain}", bufferSize: 4096,
            stream => new PyTorchFile(stream, path, key));
    }

    /// <summary>Whether a file begins as those of <c>torch.save</c> do: a zip, or the pickle of versions before 1.6.</summary>
    internal static bool IsOne(string path)
    {
        try
        {
            if (!File.Exists(path) || !PlainFile.HasContent(path))
            {
                return false;
            }

            using FileStream stream = File.OpenRead(path);
            Span<byte> first = stackalloc byte[4];
            return stream.ReadAtLeast(first, 4, throwOnEndOfStream: false) == 4
                && (first.SequenceEqual(Zip) || first.SequenceEqual(Legacy));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override float[] Read(string tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!tensors.TryGetValue(tensor, out PickledTensor? found))
        {
            throw new CheckpointException($"{name} has no array {tensor}; it has {Some(tensors.Keys)}.");
        }

        PickledStorage storage = found.Storage;
        if (storage.Type is not ("F32" or "F16" or "BF16" or "F64"))
        {
            throw new CheckpointException(
                $"{tensor} in {name} holds {storage.Type}, but only F32, F16, BF16 and F64 are read: save it as one of these.");
        }

        byte[] bytes;
        try
        {
            ZipArchiveEntry entry = zip.GetEntry($"{root}data/{storage.Key}")
                ?? throw Damaged($"the elements of {tensor} are missing");
            if (entry.Length != storage.Count * storage.Size)
            {
                throw Damaged($"{tensor} should have {storage.Count * storage.Size} bytes, but {entry.Length} are there");
            }

            bytes = Bytes(entry, Array.MaxLength);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw new CheckpointException($"{tensor} in {name} can't be read: {error.Message.ReplaceLineEndings(" ")}", error);
        }

        long[] shape = found.Shape, index = new long[shape.Length];
        float[] values = new float[shape.Aggregate(1L, (count, extent) => count * extent)];
        long place = found.Offset;
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> one = bytes.AsSpan(checked((int)(place * storage.Size)), storage.Size);
            values[i] = storage.Type switch
            {
                "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(one),
                "BF16" => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(one) << 16),
                "F64" => InSinglePrecision(BinaryPrimitives.ReadDoubleLittleEndian(one), tensor, i),
                _ => BinaryPrimitives.ReadSingleLittleEndian(one),
            };
            for (int axis = shape.Length - 1; axis >= 0; axis--)
            {
                place += found.Strides[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                place -= found.Strides[axis] * index[axis];
                index[axis] = 0;
            }
        }

        return values;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        zip.Dispose();
        stream.Dispose();
    }

    private static SafetensorInfo Info(string name, PickledTensor tensor)
    {
        long begin = tensor.Offset * tensor.Storage.Size;
        return new SafetensorInfo(
            name, tensor.Storage.Type, tensor.Shape, begin,
            begin + (tensor.Shape.Aggregate(1L, (count, extent) => count * extent) * tensor.Storage.Size));
    }

    /// <summary>The mapping that has the arrays.</summary>
    private PickledMapping StateOf(object? loaded, string? key)
    {
        PickledMapping all = loaded as PickledMapping
            ?? throw new CheckpointException($"{name} holds no mapping of names to arrays. {SaveAgain}");
        if (key is not null)
        {
            return all.Find(key) as PickledMapping ?? throw new CheckpointException(
                $"{name} has no mapping '{Printable.Name(key)}'; it has {Some(all.Names)}.");
        }

        return all.Items.Any(item => item.Value is PickledTensor) ? all
            : Keys.Select(all.Find).OfType<PickledMapping>().FirstOrDefault(
                one => one.Items.Any(item => item.Value is PickledTensor))
            ?? throw new CheckpointException(
                $"{name} has no arrays at its top, nor under {string.Join(", ", Keys)}; it has {Some(all.Names)}. {SaveAgain}");
    }

    private void Take(PickledMapping state)
    {
        foreach ((object? key, object? value) in state.Items)
        {
            if (value is not PickledTensor tensor)
            {
                continue;
            }

            string array = key as string ?? throw Damaged("an array is named by no text");
            if (array.Length is 0 or > 1024 || array.Any(char.IsControl) || tensors.Count == MostTensors)
            {
                throw Damaged("it has names that no array has, or too many");
            }

            Check(array, tensor);
            tensors[array] = tensor;
        }
    }

    /// <summary>That every element of an array is in its storage, once.</summary>
    private void Check(string array, PickledTensor tensor)
    {
        long[] shape = tensor.Shape;
        Int128 count = 1, last = tensor.Offset;
        bool sound = shape.Length <= HighestRank && shape.Length == tensor.Strides.Length && tensor.Offset >= 0;
        for (int axis = 0; sound && axis < shape.Length; axis++)
        {
            sound = shape[axis] is >= 0 and <= int.MaxValue && tensor.Strides[axis] is >= 0 and <= int.MaxValue;
            count *= shape[axis];
            last += (Int128)Math.Max(0, shape[axis] - 1) * tensor.Strides[axis];
            sound &= count <= tensor.Storage.Count;
        }

        if (!sound || (count > 0 && last >= tensor.Storage.Count))
        {
            throw Damaged($"the array {Printable.Name(array)} lies beyond its elements, or has some of them twice");
        }
    }

    /// <summary>A file of the zip; PyTorch doesn't compress, and what isn't compressed can't be larger than the zip.</summary>
    private byte[] Bytes(ZipArchiveEntry entry, long most)
    {
        if (entry.Length != entry.CompressedLength || entry.Length > most || entry.Length > stream.Length)
        {
            throw Damaged($"{Printable.Name(entry.FullName)} in it is compressed or too large, unlike those of torch.save");
        }

        byte[] bytes = new byte[entry.Length];
        using Stream part = entry.Open();
        part.ReadExactly(bytes);
        return bytes;
    }

    private CheckpointException Damaged(string what) => new($"{name} is damaged or no file of torch.save: {what}. {SaveAgain}");
}
