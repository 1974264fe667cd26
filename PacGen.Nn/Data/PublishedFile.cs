using System.Diagnostics.CodeAnalysis;

namespace PacGen.Nn;

/// <summary>One file of a published set.</summary>
/// <param name="Name">Its usual name, without <c>.gz</c>.</param>
/// <param name="Size">Its size in bytes once decompressed.</param>
/// <param name="Sha256">The SHA-256 of its decompressed content, in lower-case hexadecimal.</param>
internal sealed record PublishedFile(string Name, long Size, string Sha256)
{
    /// <summary>Gzip never adds more than this to content of a few tens of megabytes.</summary>
    private const int LargestOverhead = 1 << 20;

    /// <summary>The name that mirrors and the cache use.</summary>
    public string CompressedName => Name + ".gz";

    /// <summary>How it is downloaded: compressed, its content checked.</summary>
    public DownloadFile ToDownload() =>
        new(CompressedName, Size + LargestOverhead, file => IdxFile.HashOfContent(file, Size) == Sha256);

    /// <summary>Looks for the file in a folder under each of its names.</summary>
    public bool TryFind(string folder, [NotNullWhen(true)] out string? path)
    {
        string alternative = Name.Replace("-idx", ".idx", StringComparison.Ordinal);
        foreach (string name in (ReadOnlySpan<string>)[Name, CompressedName, alternative, alternative + ".gz"])
        {
            path = Path.Combine(folder, name);
            if (File.Exists(path))
            {
                return true;
            }
        }

        path = null;
        return false;
    }
}
