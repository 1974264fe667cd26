using System.Globalization;
using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace PacGen.Nn;

/// <summary>
/// Parquet files, read by Parquet.Net: columns of a table, or encoded images as hubs of data sets store them, a column of
/// <c>bytes</c> and <c>path</c> in one structure and a column of classes.
/// </summary>
internal static class ParquetFile
{
    private const string Remedy = "Replace it with a whole copy.";
    private static readonly byte[] Magic = "PAR1"u8.ToArray();

    /// <summary>
    /// Loads a data set from a file, or from a folder with files whose names begin with the part that they are.
    /// </summary>
    /// <exception cref="DataException">It can't be read, or is nothing to learn from.</exception>
    public static Dataset Load(string name, string path, DataOptions options, CancellationToken cancellation)
    {
        (string[] train, string[] test) = Files(path);
        using Opened first = Opened.Of(train[0], cancellation);
        return first.ImageField is not null
            ? ParquetImages.Load(name, path, train, test, options, cancellation)
            : Rows(name, path, [.. train, .. test], train.Length, options.Table, cancellation);
    }

    private static Dataset Rows(
        string name, string path, string[] files, int trainFiles, TableOptions options, CancellationToken cancellation)
    {
        List<TableColumn[]> parts = [];
        int trained = 0;
        for (int i = 0; i < files.Length; i++)
        {
            using Opened file = Opened.Of(files[i], cancellation);
            parts.Add(file.Columns([.. options.Ignored], cancellation));
            trained += i < trainFiles ? parts[^1][0].Count : 0;
        }

        TableColumn[] columns = Array.ConvertAll(parts[0], column => Joined(path, column, parts));
        return new ColumnTable(path, columns, row => $"row {row + 1}").ToDataset(
            name, options, trainFiles < files.Length ? trained : 0);
    }

    private static TableColumn Joined(string path, TableColumn first, List<TableColumn[]> parts)
    {
        TableColumn[] all = [.. parts.Select(part => Array.Find(part, column => column.Name == first.Name
            && column.Numbers is null == first.Numbers is null) ?? throw new DataException(
                $"{path}: its files differ in their columns; {Core.Text.Printable.Name(first.Name)} is not in all, or not of " +
                    $"one type."))];
        return all.Length == 1 ? first : first with
        {
            Numbers = first.Numbers is null ? null : [.. all.SelectMany(column => column.Numbers!)],
            Texts = first.Texts is null ? null : [.. all.SelectMany(column => column.Texts!)],
        };
    }

    private static (string[] Train, string[] Test) Files(string path)
    {
        if (!Directory.Exists(path))
        {
            return ([path], []);
        }

        string[] files =
            [.. Directory.EnumerateFiles(path, "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        string[] test = Of("test"), train = Of("train");
        test = test.Length > 0 ? test : Of("val");
        return train.Length > 0 ? (train, test) : files.Length > 0 && test.Length == 0 ? (files, []) : throw new DataException(
            $"{path} has no .parquet files to train on. Name a file, or a folder of files train*.parquet and test*.parquet.");

        string[] Of(string part) => [.. files.Where(
            file => Path.GetFileName(file).StartsWith(part, StringComparison.OrdinalIgnoreCase))];
    }

    /// <summary>Whatever the library throws about a file that is damaged becomes one sentence.</summary>
    internal static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException(PlainFile.Absent(path), error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new DataException($"{path} cannot be read: {error.Message}", error);
        }
#pragma warning disable CA1031 // The library says by exceptions of all kinds that bytes are not what they should be.
        catch (Exception error) when (error is not (DataException or OperationCanceledException))
#pragma warning restore CA1031
        {
            throw new DataException(
                $"{path} is no Parquet file, or is truncated or corrupted " +
                    $"({error.Message.Split('\n')[0].Trim().TrimEnd('.')}). {Remedy}",
                error);
        }
    }

    /// <summary>A file that is open.</summary>
    internal sealed class Opened : IDisposable
    {
        private readonly string path;
        private readonly FileStream stream;
        private readonly ParquetReader reader;
        private readonly IReadOnlyList<Field> fields;

        private Opened(string path, FileStream stream, ParquetReader reader) =>
            (this.path, this.stream, this.reader, fields) = (path, stream, reader, reader.Schema.Fields);

        /// <summary>The names of the classes that a hub's metadata give a column.</summary>
        public IReadOnlyList<string> ClassNames(string column)
        {
            try
            {
                if (reader.CustomMetadata.TryGetValue("huggingface", out string? json)
                    && JsonDocument.Parse(json).RootElement.GetProperty("info").GetProperty("features").TryGetProperty(
                        column, out JsonElement feature)
                    && feature.TryGetProperty("names", out JsonElement names))
                {
                    return [.. names.EnumerateArray().Select(name => name.GetString() ?? "")];
                }
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                // Names are for people: data without them are as good.
            }

            return [];
        }

        /// <summary>The column of encoded images; null where there is none.</summary>
        public DataField? ImageField => fields.OfType<StructField>()
            .SelectMany(one => one.Fields.OfType<DataField>()).FirstOrDefault(
                one => one.Name == "bytes" && (one.ClrType == typeof(byte[]) || one.ClrType == typeof(ReadOnlyMemory<byte>))
                    && one.MaxRepetitionLevel == 0);

        /// <summary>The columns of the table that are no structures.</summary>
        public DataField[] Fields => [.. fields.OfType<DataField>()];

        /// <summary>Opens a file.</summary>
        public static Opened Of(string path, CancellationToken cancellation) => Guarded(path, () =>
        {
            if (!PlainFile.HasContent(path))
            {
                throw new DataException($"{path} {PlainFile.NoContent}. {Remedy}");
            }

            FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            try
            {
                RequireFooter(path, stream);
                ParquetReader reader = Wait(ParquetReader.CreateAsync(stream, null, false, cancellation));
                if (reader.Metadata is not { } metadata || metadata.RowGroups.Exists(group => group.Columns.Exists(
                    column => column.MetaData is not { } chunk || !ParquetLayout.HasPages(stream, chunk))))
                {
                    throw new DataException($"{path} is corrupted: a column's pages do not lie where its footer says. {Remedy}");
                }

                return new Opened(path, stream, reader);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        });

        /// <summary>Reads the columns of the table.</summary>
        public TableColumn[] Columns(string[] ignored, CancellationToken cancellation) => Guarded(path, () =>
        {
            Field? other = fields.FirstOrDefault(field => !ignored.Contains(field.Name)
                && (field is not DataField || field.MaxRepetitionLevel > 0));
            if (other is not null)
            {
                throw new DataException(
                    $"{path}: {Core.Text.Printable.Name(other.Name)} is a " +
                        $"{(other.MaxRepetitionLevel > 0 ? "list" : "structure")}, not a column of single values: leave it out " +
                        $"(--ignore).");
            }

            return Fields.Where(field => !ignored.Contains(field.Name)).Select(field => Column(field, cancellation)).ToArray();
        });

        /// <summary>Shows the cells of a column of bytes, one after the other.</summary>
        public void ForEachBytes(DataField field, Action<byte[]?> look, CancellationToken cancellation) => Guarded(path, () =>
        {
            for (int i = 0; i < reader.RowGroupCount; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                using ParquetRowGroupReader group = reader.OpenRowGroupReader(i);
                byte[]?[] cells = new byte[Count(group)][];
                WaitFor(group.ReadAsync(field, cells.AsMemory()!, null, cancellation));
                Array.ForEach(cells, look);
            }

            return true;
        });

        /// <summary>Reads a column of numbers, truth values or texts.</summary>
        public TableColumn Column(DataField field, CancellationToken cancellation) => Guarded(path, () =>
        {
            Type type = field.ClrType;
            bool isText = type == typeof(string) || type == typeof(ReadOnlyMemory<char>);
            List<double> numbers = [];
            List<string?> texts = [];
            for (int i = 0; i < reader.RowGroupCount; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                using ParquetRowGroupReader group = reader.OpenRowGroupReader(i);
                int count = Count(group);
                if (isText)
                {
                    string?[] cells = new string?[count];
                    WaitFor(group.ReadAsync(field, cells.AsMemory()!, null, cancellation));
                    texts.AddRange(cells);
                }
                else
                {
                    numbers.AddRange(Numbers(group, field, type, count, cancellation));
                }
            }

            return new TableColumn(
                field.Name, isText ? null : [.. numbers], isText ? [.. texts] : null) { IsTruth = type == typeof(bool) };
        });

        /// <inheritdoc/>
        public void Dispose()
        {
            WaitFor(reader.DisposeAsync());
            stream.Dispose();
        }

        private double[] Numbers(
            ParquetRowGroupReader group, DataField field, Type type, int count, CancellationToken cancellation)
        {
            return type == typeof(float) ? Read<float>(value => value)
            : type == typeof(double) ? Read<double>(value => value)
            : type == typeof(int) ? Read<int>(value => value)
            : type == typeof(long) ? Read<long>(value => value)
            : type == typeof(short) ? Read<short>(value => value)
            : type == typeof(sbyte) ? Read<sbyte>(value => value)
            : type == typeof(byte) ? Read<byte>(value => value)
            : type == typeof(ushort) ? Read<ushort>(value => value)
            : type == typeof(uint) ? Read<uint>(value => value)
            : type == typeof(ulong) ? Read<ulong>(value => value)
            : type == typeof(bool) ? Read<bool>(value => value ? 1 : 0)
            : type == typeof(decimal) ? Read<decimal>(value => (double)value)
            : throw new DataException(
                $"{path}: {Core.Text.Printable.Name(field.Name)} has the type {type.Name}, which is neither number, truth " +
                    $"value nor text: leave it out (--ignore).");

            double[] Read<T>(Func<T, double> number)
                where T : struct
            {
                if (!field.IsNullable)
                {
                    T[] known = new T[count];
                    WaitFor(group.ReadAsync<T>(field, known.AsMemory(), null, cancellation));
                    return Array.ConvertAll(known, value => number(value));
                }

                T?[] cells = new T?[count];
                WaitFor(group.ReadAsync<T>(field, cells.AsMemory(), null, cancellation));
                return Array.ConvertAll(cells, cell => cell is { } value ? number(value) : double.NaN);
            }
        }

        private int Count(ParquetRowGroupReader group)
        {
            // A row takes a bit at least, of each column, in pages that may be packed a thousand times.
            const long MostOfByte = 1 << 16;
            long count = group.RowCount;
            if (count < 0 || count > Math.Min(Array.MaxLength / 16, stream.Length * MostOfByte))
            {
                throw new DataException(
                    $"{path} says that it has {count.ToString(CultureInfo.InvariantCulture)} rows in {stream.Length} bytes. " +
                        $"{Remedy}");
            }

            DataMemory.Require(count * 16, $"{path}: its {count} rows", "Use fewer.");
            return (int)count;
        }

        /// <summary>The file begins and ends as the format says, and the footer lies within it.</summary>
        private static void RequireFooter(string path, FileStream stream)
        {
            Span<byte> word = stackalloc byte[8];
            if (stream.Length < 12)
            {
                throw new DataException($"{path} is no Parquet file: it has {stream.Length} bytes. {Remedy}");
            }

            stream.ReadExactly(word[..4]);
            bool begins = word[..4].SequenceEqual(Magic);
            stream.Position = stream.Length - 8;
            stream.ReadExactly(word);
            uint footer = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(word);
            if (!begins || !word[4..].SequenceEqual(Magic) || footer > stream.Length - 12)
            {
                throw new DataException($"{path} is no Parquet file, or is truncated. {Remedy}");
            }

            DataMemory.Require(footer, $"{path}: its footer", Remedy);
            byte[] description = new byte[footer];
            stream.Position = stream.Length - 8 - footer;
            stream.ReadExactly(description);
            if (!ParquetLayout.IsWhole(description))
            {
                throw new DataException($"{path} is corrupted: what its footer says is not whole. {Remedy}");
            }

            stream.Position = 0;
        }

        private static T Wait<T>(Task<T> task) => task.ConfigureAwait(false).GetAwaiter().GetResult();

        private static void WaitFor(ValueTask task) => task.AsTask().ConfigureAwait(false).GetAwaiter().GetResult();
    }
}
