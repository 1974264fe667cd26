using System.Text;

namespace PacGen.Tests.Nn;

/// <summary>Makes CIFAR's binary files and tar archives.</summary>
internal static class Cifar
{
    public const int ImageSize = 3072;

    /// <summary>
    /// Image i has the labels i mod 10 (one byte), or i mod 20 and 7 i mod 100; byte p of its planes is <see cref="Plane"/>.
    /// </summary>
    public static byte[] File(int count, int labelBytes)
    {
        List<byte> file = [];
        for (int i = 0; i < count; i++)
        {
            file.AddRange(labelBytes == 1 ? [(byte)(i % 10)] : [(byte)(i % 20), (byte)(7 * i % 100)]);
            for (int p = 0; p < ImageSize; p++)
            {
                file.Add(Plane(i, p));
            }
        }

        return [.. file];
    }

    /// <summary>Byte p of the three planes of image i.</summary>
    public static byte Plane(int i, int p) => (byte)((31 * i) + p + (p / 251));

    /// <summary>A ustar archive.</summary>
    public static byte[] Tar(params ReadOnlySpan<(string Name, byte[] Content)> files)
    {
        using MemoryStream archive = new();
        foreach ((string name, byte[] content) in files)
        {
            byte[] header = new byte[512];
            Encoding.ASCII.GetBytes(name, header);
            Encoding.ASCII.GetBytes("0000644\0", header.AsSpan(100));
            Encoding.ASCII.GetBytes(Convert.ToString(content.Length, 8).PadLeft(11, '0'), header.AsSpan(124));
            header[156] = (byte)'0';
            Encoding.ASCII.GetBytes("ustar\000", header.AsSpan(257));
            header.AsSpan(148, 8).Fill((byte)' ');
            Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(b => b), 8).PadLeft(6, '0') + "\0 ", header.AsSpan(148));
            archive.Write(header);
            archive.Write(content);
            archive.Write(new byte[(512 - (content.Length % 512)) % 512]);
        }

        archive.Write(new byte[1024]);
        return archive.ToArray();
    }
}
