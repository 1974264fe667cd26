using System.Security.Cryptography;

namespace PacGen.Nn;

/// <summary>A file to download.</summary>
/// <param name="Name">Its name at the mirrors and in the cache.</param>
/// <param name="Limit">More bytes than it has: a server that sends more is given up.</param>
/// <param name="IsWhole">Whether what was received is the file that was published.</param>
internal sealed record DownloadFile(string Name, long Limit, Func<FileStream, bool> IsWhole)
{
    /// <summary>An archive that was published with the MD5 of its bytes.</summary>
    public static DownloadFile Archive(string name, string md5)
    {
        return new DownloadFile(name, 1 << 28, IsPublished);

#pragma warning disable CA5351 // The checksum that was published; it guards against accidents, and HTTPS against people.
        bool IsPublished(FileStream file)
        {
            file.Position = 0;
            return Convert.ToHexStringLower(MD5.HashData(file)) == md5;
        }
#pragma warning restore CA5351
    }
}
