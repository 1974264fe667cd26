using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// NumPy's files of arrays: <c>.npy</c> of one, <c>.npz</c> of several. Numbers and truth values are read; arrays of Python
/// objects, which would be unpickled, are refused. The format is that of NumPy's
/// <see href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">numpy.lib.format</see>, versions 1 to 3.
/// </summary>
/// <example>
/// <code>
/// IReadOnlyDictionary&lt;string, Array&gt; arrays = NumpyFile.Read("points.npz");
/// Dataset data = Dataset.FromArrays(arrays["x"], arrays["y"]);
/// </code>
/// </example>
public static partial class NumpyFile
{
    private const string Remedy = "Replace it with a whole copy.";
    private const int LargestHeader = 1 << 16, MostAxes = 8, MostArrays = 10_000;

    /// <summary>
    /// The arrays of a file by their names; that of a <c>.npy</c> is called <c>array</c>. Elements are <see cref="float"/> (of
    /// half precision too), <see cref="double"/>, <see cref="byte"/>, <see cref="bool"/>, <see cref="int"/> (of 8 to 32 bits), or
    /// <see cref="long"/>.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">It can't be read, is damaged, or has arrays of other types.</exception>
    public static IReadOnlyDictionary<string, Array> Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return PlainFile.Read<IReadOnlyDictionary<string, Array>>(path, Remedy, () =>
        {
            try
            {
                using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
                Span<byte> start = stackalloc byte[2];
                file.ReadAtLeast(start, 2, throwOnEndOfStream: false);
                file.Position = 0;
                if (start is not [(byte)'P', (byte)'K'])
                {
                    return new Dictionary<string, Array> { ["array"] = ReadArray(file, file.Length, path) };
                }

                using ZipArchive archive = new(file, ZipArchiveMode.Read);
                Dictionary<string, Array> arrays = new(StringComparer.Ordinal);
                foreach (ZipArchiveEntry entry in archive.Entries)
                {
                    string name =
                        entry.FullName.EndsWith(".npy", StringComparison.Ordinal) ? entry.FullName[..^4] : entry.FullName;
                    using Stream content = entry.Open();
                    if (arrays.Count == MostArrays || !arrays.TryAdd(name, ReadArray(content, entry.Length, $"{path}: {name}")))
                    {
                        throw new DataException(
                            $"{path} has the array {Printable.Name(name)} twice, or too many arrays. {Remedy}");
                    }
                }

                return arrays.Count > 0 ? arrays : throw new DataException($"{path} has no array. {Remedy}");
            }
            catch (Exception error) when (error is InvalidDataException or EndOfStreamException or OverflowException)
            {
                throw new DataException($"{path} is truncated or corrupted, or neither .npy nor .npz. {Remedy}", error);
            }
        });
    }

    private static Array ReadArray(Stream stream, long length, string what)
    {
        Span<byte> start = stackalloc byte[8];
        stream.ReadExactly(start);
        if (start is not [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', >= 1 and <= 3, _])
        {
            throw new DataException($"{what} is no array of NumPy's. {Remedy}");
        }

        bool isShort = start[6] == 1;
        Span<byte> size = stackalloc byte[4];
        size.Clear();
        stream.ReadExactly(size[..(isShort ? 2 : 4)]);
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(size);
        if (header > LargestHeader)
        {
            throw new DataException($"{what} has a header of {header} bytes: it is corrupted. {Remedy}");
        }

        byte[] text = new byte[header];
        stream.ReadExactly(text);
        Match match = Header().Match(Encoding.Latin1.GetString(text));
        if (!match.Success)
        {
            throw new DataException(
                $"{what} has a header that is not an array's of numbers: arrays of records or of Python objects are not read. " +
                    $"Save numbers, such as x.astype('float32').");
        }

        string type = match.Groups["type"].Value;
        string[] parts =
            match.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        long[] extents = Array.ConvertAll(parts, part => uint.TryParse(
            part.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out uint extent) ? extent : 0L);
        int bytes = type[^1] - '0';
        Int128 count = extents.Aggregate((Int128)1, (product, extent) => product * extent);
        if (!Types.Contains(type[1..]) || extents.Length > MostAxes)
        {
            throw new DataException(
                $"{what} is an array of {extents.Length} axes of the type {type}, which is not read: save it as float32 or " +
                $"int64.");
        }

        if (count < 1 || count * bytes > Array.MaxLength || count * bytes + 10 + header > length)
        {
            throw new DataException(
                $"{what} says that it has {count} numbers of {bytes} bytes, for which there is no room in {length} bytes. " +
                $"{Remedy}");
        }

        DataMemory.Require(2 * (long)count * bytes, what, "Use a part of it.");
        byte[] content = new byte[(int)count * bytes];
        stream.ReadExactly(content);
        int[] shape = [.. extents.Select(extent => (int)extent)];
        return Make(content, type, shape.Length == 0 ? [1] : shape, match.Groups["fortran"].Value == "True");
    }

    /// <summary>The types that are read, without their order of bytes.</summary>
    private static readonly HashSet<string> Types =
        ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"];

    private static Array Make(byte[] content, string type, int[] shape, bool fortran)
    {
        bool big = type[0] == '>';
        return type[1..] switch
        {
            "f2" => Fill(shape, fortran, at =>
                (float)(big ? BinaryPrimitives.ReadHalfBigEndian(At(at, 2)) : BinaryPrimitives.ReadHalfLittleEndian(At(at, 2)))),
            "f4" => Fill(shape, fortran, at => big ? BinaryPrimitives.ReadSingleBigEndian(At(at, 4))
                : BinaryPrimitives.ReadSingleLittleEndian(At(at, 4))),
            "f8" => Fill(shape, fortran, at => big ? BinaryPrimitives.ReadDoubleBigEndian(At(at, 8))
                : BinaryPrimitives.ReadDoubleLittleEndian(At(at, 8))),
            "i1" => Fill(shape, fortran, at => (int)(sbyte)content[at]),
            "i2" => Fill(shape, fortran, at =>
                (int)(big ? BinaryPrimitives.ReadInt16BigEndian(At(at, 2)) : BinaryPrimitives.ReadInt16LittleEndian(At(at, 2)))),
            "i4" => Fill(shape, fortran, at => big ? BinaryPrimitives.ReadInt32BigEndian(At(at, 4))
                : BinaryPrimitives.ReadInt32LittleEndian(At(at, 4))),
            "i8" => Fill(shape, fortran, at => big ? BinaryPrimitives.ReadInt64BigEndian(At(at, 8))
                : BinaryPrimitives.ReadInt64LittleEndian(At(at, 8))),
            "u1" => Fill(shape, fortran, at => content[at]),
            "u2" => Fill(shape, fortran, at => (int)(
                big ? BinaryPrimitives.ReadUInt16BigEndian(At(at, 2)) : BinaryPrimitives.ReadUInt16LittleEndian(At(at, 2)))),
            "u4" => Fill(shape, fortran, at => (long)(
                big ? BinaryPrimitives.ReadUInt32BigEndian(At(at, 4)) : BinaryPrimitives.ReadUInt32LittleEndian(At(at, 4)))),
            "u8" => Fill(shape, fortran, at => checked((long)(
                big ? BinaryPrimitives.ReadUInt64BigEndian(At(at, 8)) : BinaryPrimitives.ReadUInt64LittleEndian(At(at, 8))))),
            _ => Fill(shape, fortran, at => content[at] != 0),
        };

        ReadOnlySpan<byte> At(int element, int bytes) => content.AsSpan(element * bytes, bytes);
    }

    private static Array Fill<T>(int[] shape, bool fortran, Func<int, T> element)
    {
        // Named, so that they are there in a program that was compiled to native code.
        Array result = shape switch
        {
            [var a] => new T[a],
            [var a, var b] => new T[a, b],
            [var a, var b, var c] => new T[a, b, c],
            [var a, var b, var c, var d] => new T[a, b, c, d],
            _ => OfMoreAxes(typeof(T), shape),
        };
        Span<T> span = System.Runtime.InteropServices.MemoryMarshal.CreateSpan(
            ref System.Runtime.CompilerServices.Unsafe.As<byte, T>(
                ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(result)), result.Length);
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = element(fortran ? Place(i, shape) : i);
        }

        return result;
    }

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "The runtime says which array it lacks.")]
    private static Array OfMoreAxes(Type type, int[] shape) => Array.CreateInstance(type, shape);

    /// <summary>Where an element lies in an array whose first axis runs fastest.</summary>
    private static int Place(int index, int[] shape)
    {
        int place = 0;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            int stride = 1;
            for (int inner = 0; inner < axis; inner++)
            {
                stride *= shape[inner];
            }

            place += index % shape[axis] * stride;
            index /= shape[axis];
        }

        return place;
    }

    /// <summary>A dictionary of Python's with the type of an element, the order of axes, and the extents.</summary>
    [GeneratedRegex(
        """^\{\s*'descr':\s*'(?<type>[<>|=][a-zA-Z]\d)',\s*'fortran_order':\s*(?<fortran>True|False),\s*'shape':\s*\((?<shape>[\dL, ]{0,200})\),?\s*\}\s*$""",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Header();
}
