using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PacGen.Nn;

/// <summary>
/// Decoded images, kept so that they are decoded once. The file, all numbers little-endian: <c>PGIMAGE1</c>; the fingerprint of
/// what was decoded (32 bytes); height, width, classes, training images, test images (32 bits each); their classes (32 bits
/// each), those to train on first; their pixels, NHWC of three channels; the SHA-256 of all that. A file that is of another
/// fingerprint, damaged or cut is no cache, and the images are decoded anew.
/// </summary>
internal sealed record DecodedImages(
    int Height, int Width, int Classes, int[] TrainLabels, int[] TestLabels, byte[] Train, byte[] Test)
{
    private const int Channels = 3, HeaderSize = 8 + 32 + (5 * 4), HashSize = 32;

    private static ReadOnlySpan<byte> Magic => "PGIMAGE1"u8;

    /// <summary>Reads a cache; null if there is none that is whole and of this fingerprint.</summary>
    public static DecodedImages? TryRead(string path, ReadOnlySpan<byte> fingerprint)
    {
        try
        {
            if (!PlainFile.HasContent(path))
            {
                return null;
            }

            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] header = new byte[HeaderSize];
            if (file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize
                || !header.AsSpan(0, 8).SequenceEqual(Magic) || !header.AsSpan(8, 32).SequenceEqual(fingerprint))
            {
                return null;
            }

            hash.AppendData(header);
            int[] numbers =
                [.. from i in Enumerable.Range(0, 5) select BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(40 + (4 * i)))];
            (int height, int width, int classes, int train, int test) = (
                numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
            if (numbers.Min() < 1 || height > short.MaxValue || width > short.MaxValue)
            {
                return null;
            }

            // The header's claims are borne out by the file's length before memory is taken.
            UInt128 size = (UInt128)height * (uint)width * Channels;
            if ((((UInt128)(uint)train + (uint)test) * (size + 4)) + HeaderSize + HashSize != (UInt128)file.Length
                || size * (uint)Math.Max(train, test) > (UInt128)Array.MaxLength)
            {
                return null;
            }

            DataMemory.Require(file.Length, $"{path}, the decoded images,", "Use fewer images, or a smaller --image-size.");
            int[] trainLabels = new int[train], testLabels = new int[test];
            byte[] trainPixels = new byte[train * (int)size], testPixels = new byte[test * (int)size];
            Read(MemoryMarshal.AsBytes(trainLabels.AsSpan()));
            Read(MemoryMarshal.AsBytes(testLabels.AsSpan()));
            Read(trainPixels);
            Read(testPixels);
            byte[] expected = new byte[HashSize];
            file.ReadExactly(expected);
            return hash.GetHashAndReset().AsSpan().SequenceEqual(expected) ? new DecodedImages(
                height, width, classes, trainLabels, testLabels, trainPixels, testPixels) : null;

            void Read(Span<byte> target)
            {
                file.ReadExactly(target);
                hash.AppendData(target);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Writes a cache under a passing name, flushes it and gives it its name. A disk that does not take it costs only time,
    /// later.
    /// </summary>
    public void TryWrite(string path, ReadOnlySpan<byte> fingerprint)
    {
        string passing = PassingFile.NameFor(path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (FileStream file = new(passing, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            using (IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
            {
                byte[] header = new byte[HeaderSize];
                Magic.CopyTo(header);
                fingerprint.CopyTo(header.AsSpan(8));
                int[] numbers = [Height, Width, Classes, TrainLabels.Length, TestLabels.Length];
                for (int i = 0; i < numbers.Length; i++)
                {
                    BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(40 + (4 * i)), numbers[i]);
                }

                Write(header);
                Write(MemoryMarshal.AsBytes(TrainLabels.AsSpan()));
                Write(MemoryMarshal.AsBytes(TestLabels.AsSpan()));
                Write(Train);
                Write(Test);
                file.Write(hash.GetHashAndReset());
                file.Flush(flushToDisk: true);
                if (!OperatingSystem.IsWindows())
                {
                    // Locked until it has its name: nobody takes it for abandoned.
                    File.Move(passing, path, overwrite: true);
                    return;
                }

                void Write(ReadOnlySpan<byte> part)
                {
                    file.Write(part);
                    hash.AppendData(part);
                }
            }

            File.Move(passing, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            PassingFile.Delete(passing);
        }
    }
}
