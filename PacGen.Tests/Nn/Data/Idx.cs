using System.Buffers.Binary;
using System.IO.Compression;

namespace PacGen.Tests.Nn;

/// <summary>Makes IDX files.</summary>
internal static class Idx
{
    /// <summary>A file of bytes with the given extents.</summary>
    public static byte[] File(ReadOnlySpan<byte> values, params ReadOnlySpan<int> extents)
    {
        byte[] file = new byte[4 + (4 * extents.Length) + values.Length];
        file[2] = 8;
        file[3] = (byte)extents.Length;
        for (int i = 0; i < extents.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4 + (4 * i)), extents[i]);
        }

        values.CopyTo(file.AsSpan(4 + (4 * extents.Length)));
        return file;
    }

    /// <summary>Images whose pixel p of image i is (31 i + p) mod 256.</summary>
    public static byte[] Images(int count, int height, int width)
    {
        byte[] pixels = new byte[count * height * width];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)((31 * (i / (height * width))) + (i % (height * width)));
        }

        return File(pixels, count, height, width);
    }

    /// <summary>Labels 0, 1, …, 9, 0, 1, …</summary>
    public static byte[] Labels(int count) => File([.. from i in Enumerable.Range(0, count) select (byte)(i % 10)], count);

    public static byte[] Compress(byte[] content)
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return compressed.ToArray();
    }
}
