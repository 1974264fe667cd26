using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using PacGen.Core.Files;

namespace PacGen.Nn;

/// <summary>
/// A TensorBoard event file: TFRecords (length, masked CRC-32C of it, data, masked CRC-32C of that) whose data are protobuf
/// messages <c>Event</c> with a <c>Summary</c> of scalars. Each record is handed to the system as a whole. The seven fields that
/// this takes are written here: a protobuf library would be a dependency with generated code for them.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const string Prefix = "events.out.tfevents.";

    // Field numbers of tensorflow/core/util/event.proto and framework/summary.proto, each with its wire type.
    private const byte EventTime = (1 << 3) | Fixed64, EventStep = 2 << 3, EventVersion = (3 << 3) | Bytes, EventSummary = (
        5 << 3) | Bytes, EventSession = (7 << 3) | Bytes;
    private const byte SummaryValue = (1 << 3) | Bytes, ValueTag = (1 << 3) | Bytes, ValueScalar = (
        2 << 3) | Fixed32, SessionStatus = 1 << 3, SessionStart = 1;
    private const byte Fixed64 = 1, Bytes = 2, Fixed32 = 5;
    private readonly string folder;
    private readonly long keep;
    private readonly long steps;
    private FileStream? file;

    /// <summary>Chooses the file; <see cref="Begin"/> opens it, once its name is kept where a resumed run finds it.</summary>
    /// <param name="folder">The folder of one run.</param>
    /// <param name="continued">The name of the file that a resumed run wrote, or null.</param>
    /// <param name="keep">How much of that file is kept: the rest is of steps that are taken again.</param>
    /// <param name="steps">The steps that a resumed run has, or null for a new run.</param>
    /// <exception cref="TrainingException">The folder holds another run's events, or can't be read.</exception>
    public EventFile(string folder, string? continued, long keep, long? steps)
    {
        this.folder = folder;
        this.steps = steps ?? 0;
        try
        {
            if (continued is not null && (
                keep == 0 || (new FileInfo(Path.Combine(folder, continued)) is { Exists: true } known && known.Length >= keep)))
            {
                Name = continued;
                this.keep = keep;
                return;
            }

            if (steps is null && Directory.Exists(folder)
                && Directory.EnumerateFiles(folder, $"*{Prefix}*").FirstOrDefault() is { } other)
            {
                throw new TrainingException(
                    $"{folder} already holds events of a run, {Path.GetFileName(other)}: TensorBoard would show both as one. " +
                    $"Choose another folder, or delete the file.");
            }

            long second = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            string stem = string.Create(
                CultureInfo.InvariantCulture, $"{Prefix}{second:D10}.{Environment.MachineName}.{Environment.ProcessId}");
            int number = 0;
            while (File.Exists(Path.Combine(folder, $"{stem}.{number}")))
            {
                number++;
            }

            Name = $"{stem}.{number}";
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(cause);
        }
    }

    /// <summary>Whether a name is one of an event file.</summary>
    public static bool IsName(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && CheckpointFolder.IsPlain(name);

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <summary>Its length, all of which is on the disk.</summary>
    public long Length
    {
        get
        {
            if (file is null)
            {
                return keep;
            }

            file.Flush(flushToDisk: true);
            return file.Length;
        }
    }

    /// <summary>Opens the file: cut to what is kept of it, or new; the folder is made where it isn't there.</summary>
    /// <exception cref="TrainingException">It can't be written.</exception>
    public void Begin()
    {
        try
        {
            Directory.CreateDirectory(folder);
            string path = Path.Combine(folder, Name);

            // A new file with what is kept takes the old one's place: nothing is cut through a link.
            AtomicFile.Write(path, Kept, throughLink: false);

            // Without a buffer, whose second try to write at the end would hide what the first said.
            file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
            file.Seek(0, SeekOrigin.End);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(cause);
        }

        if (keep > 0)
        {
            return;
        }

        WriteVersion();
        if (steps > 0)
        {
            // What other files of the folder say of later steps is void.
            WriteStart(steps + 1);
        }
    }

    /// <summary>Writes scalars of one step.</summary>
    public void Write(long step, params ReadOnlySpan<(string Tag, double Value)> scalars)
    {
        List<byte> summary = [];
        Span<byte> number = stackalloc byte[sizeof(float)];
        foreach ((string tag, double value) in scalars)
        {
            List<byte> one = [];
            Add(one, ValueTag, Encoding.UTF8.GetBytes(tag));
            one.Add(ValueScalar);
            BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
            one.AddRange(number);
            Add(summary, SummaryValue, one);
        }

        List<byte> message = Event(step);
        Add(message, EventSummary, summary);
        Record(message);
    }

    public void Dispose() => file?.Dispose();

    /// <summary>Copies what is kept of the file.</summary>
    private void Kept(Stream target)
    {
        if (keep == 0)
        {
            return;
        }

        using FileStream before =
            new(Path.Combine(folder, Name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[1 << 16];
        for (long left = keep; left > 0;)
        {
            int count = (int)Math.Min(bytes.Length, left);
            before.ReadExactly(bytes, 0, count);
            target.Write(bytes, 0, count);
            left -= count;
        }
    }

    private TrainingException Unwritable(Exception cause) =>
        new($"TensorBoard's events can't be written into {folder}: {cause.Message.TrimEnd('.')}. Choose another folder.");

    private static List<byte> Event(long step)
    {
        List<byte> message = [EventTime];
        Span<byte> time = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(time, (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds);
        message.AddRange(time);
        if (step != 0)
        {
            message.Add(EventStep);
            Varint(message, (ulong)step);
        }

        return message;
    }

    private static void Add(List<byte> message, byte field, IReadOnlyCollection<byte> content)
    {
        message.Add(field);
        Varint(message, (ulong)content.Count);
        message.AddRange(content);
    }

    private static void Varint(List<byte> message, ulong value)
    {
        const int Bits = 7, More = 1 << Bits;
        while (value >= More)
        {
            message.Add((byte)(value | More));
            value >>= Bits;
        }

        message.Add((byte)value);
    }

    private static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = ~0u;
        foreach (byte value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return BitOperations.RotateRight(~crc, 15) + 0xA282_EAD8;
    }

    private void WriteVersion()
    {
        List<byte> message = Event(0);
        Add(message, EventVersion, "brain.Event:2"u8.ToArray());
        Record(message);
    }

    private void WriteStart(long step)
    {
        List<byte> message = Event(step);
        Add(message, EventSession, [SessionStatus, SessionStart]);
        Record(message);
    }

    private void Record(List<byte> message)
    {
        const int Head = sizeof(ulong) + sizeof(uint);
        byte[] record = new byte[Head + message.Count + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)message.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(sizeof(ulong)), MaskedCrc(record.AsSpan(0, sizeof(ulong))));
        message.CopyTo(record, Head);
        BinaryPrimitives.WriteUInt32LittleEndian(
            record.AsSpan(Head + message.Count), MaskedCrc(record.AsSpan(Head, message.Count)));
        try
        {
            file!.Write(record);
            file.Flush();
        }
        catch (IOException cause)
        {
            throw new TrainingException(
                $"TensorBoard's events can't be written into {Path.Combine(folder, Name)}: {cause.Message.TrimEnd('.')}. Make " +
                $"room, or go on without them.");
        }
    }
}
