using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>A file of arrays by name: <see cref="SafetensorsFile"/> or <see cref="PyTorchFile"/>.</summary>
public abstract class TensorFile : IDisposable
{
    private const string Layouts =
        "PyTorch has linear weights as (out, in) and convolutions as (out, in, height, width), PacGen (in, out) and (height, " +
            "width, in, out).";

    private protected TensorFile()
    {
    }

    /// <summary>The file as errors call it: its path.</summary>
    public abstract string Name { get; }

    /// <summary>What the file says of each array, by name.</summary>
    public abstract IReadOnlyDictionary<string, SafetensorInfo> Tensors { get; }

    /// <summary>Opens a file of either kind, recognised by its first bytes: PyTorch's is a zip.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The file, its header read; who opened it disposes of it.</returns>
    /// <exception cref="CheckpointException">It is not there, can't be read, or is of neither kind.</exception>
    public static TensorFile OpenAny(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return PyTorchFile.IsOne(path) ? PyTorchFile.Open(path) : SafetensorsFile.Open(path);
    }

    /// <summary>What reading a file gives; an error of the file says which it is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="empty">What is said, behind the path, of a file without content.</param>
    /// <param name="read">Reads it.</param>
    /// <exception cref="CheckpointException">It is not there, has no content, or can't be read.</exception>
    internal static T ReadFrom<T>(string path, string empty, Func<T> read)
    {
        try
        {
            // A pipe or a device has no length, and opening it could wait for ever.
            return File.Exists(path) && !PlainFile.HasContent(path) ? throw new CheckpointException($"{path} {empty}") : read();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(PlainFile.Absent(path), error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                Directory.Exists(path) ? $"{path} is a folder: name a file in it." : $"{path} can't be read: {error.Message}",
                error);
        }
    }

    /// <summary>What is made of a file's stream, which it then owns.</summary>
    /// <exception cref="CheckpointException">As <see cref="ReadFrom"/>.</exception>
    private protected static T Opened<T>(string path, string empty, int bufferSize, Func<FileStream, T> create) =>
        ReadFrom(path, empty, () =>
        {
            FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize);
            try
            {
                return create(stream);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        });

    /// <summary>
    /// An array's values in row-major order, as floats: F32 as they are, F16 and BF16 exactly, F64 rounded. Infinities and NaN
    /// that stand in the file are read as such; <see cref="ReadFinite"/> refuses them.
    /// </summary>
    /// <param name="tensor">The array's name.</param>
    /// <exception cref="CheckpointException">
    /// The file has no such array, it is of another type, a finite number in it is beyond single precision, or it can't be read.
    /// </exception>
    public abstract float[] Read(string tensor);

    /// <summary>As <see cref="Read"/>, of weights and whatever else a computation goes on with: each value is a number.</summary>
    /// <param name="tensor">The array's name.</param>
    /// <exception cref="CheckpointException">As <see cref="Read"/>; or a value is infinite or NaN: the message names the array
    /// and the element.</exception>
    public float[] ReadFinite(string tensor)
    {
        float[] values = Read(tensor);
        NamedTensor.RequireFinite($"{tensor} in {Name}", values);
        return values;
    }

    /// <summary>
    /// Checks that the file has the arrays of a model and no others, before any is read: each reader of weights asks this.
    /// </summary>
    /// <param name="wanted">Their names and extents in the file.</param>
    /// <param name="passedOver">Names of arrays that a file may have besides.</param>
    /// <param name="model">What the model is called.</param>
    /// <param name="advice">A sentence on what to do, or nothing.</param>
    /// <exception cref="CheckpointException">An array is missing, has another shape, or has no place.</exception>
    public void RequireArrays(
        IEnumerable<(string Name, IReadOnlyList<long> Extents)> wanted, Func<string, bool> passedOver, string model,
        string advice)
    {
        HashSet<string> known = [];
        foreach ((string tensor, IReadOnlyList<long> extents) in wanted)
        {
            known.Add(tensor);
            if (!Tensors.TryGetValue(tensor, out SafetensorInfo? info))
            {
                throw new CheckpointException(
                    $"{Name} has no array {tensor}, which {model} needs; it has {Some(Tensors.Keys)}. {advice}".TrimEnd());
            }

            if (!info.Shape.SequenceEqual(extents))
            {
                bool transposed = info.Shape.Order().SequenceEqual(extents.Order());
                throw new CheckpointException(
                    $"{tensor} in {Name} has the shape ({string.Join(", ", info.Shape)}), but {model} needs " +
                        $"({string.Join(", ", extents)}){(transposed
                        ? $": it seems transposed. {Layouts}"
                        : $". {advice}")}".TrimEnd());
            }
        }

        string[] idle = [.. Tensors.Keys.Where(tensor => !known.Contains(tensor) && !passedOver(tensor))];
        if (idle.Length > 0)
        {
            throw new CheckpointException(
                $"{Name} has {Some(idle)}, which has no place in {model}; it takes {Some(known)}. {advice}".TrimEnd());
        }
    }

    /// <summary>The first few of some names, for a message.</summary>
    internal static string Some(IEnumerable<string> names)
    {
        string[] first = [.. names.Take(9).Select(Printable.Name)];
        return first.Length == 0 ? "none" : string.Join(", ", first.Take(8)) + (first.Length > 8 ? ", …" : "");
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    private protected float InSinglePrecision(double value, string tensor, int place) =>
        float.IsFinite((float)value) || !double.IsFinite(value) ? (float)value : throw NamedTensor.NotFinite(
            $"{tensor} in {Name}", place, value);
}
