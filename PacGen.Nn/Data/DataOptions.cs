using PacGen.Core.Files;

namespace PacGen.Nn;

/// <summary>
/// Where <see cref="Datasets.Load"/> looks for files. With <see cref="Folder"/> given it looks there and nowhere else.
/// Otherwise, in this order: the folder that the environment variable <c>PACGEN_DATA</c> names, <c>data/</c> in the working
/// folder, the folder where Debian's package installs the set, and <see cref="CacheFolder"/>; and if the files are in none of
/// them, they are downloaded into the cache. In each folder it looks in <c>FOLDER/SET/</c> first, then in <c>FOLDER/</c>.
/// </summary>
public sealed class DataOptions
{
    private readonly int? imageSide;

    /// <summary>The only folder to look in (the program's <c>--data</c>); null to look in the usual places.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether files that are nowhere to be found may be downloaded.</summary>
    public bool AllowDownload { get; init; } = true;

    /// <summary>
    /// Where downloads are kept, each set in a folder of its own: <c>pacgen</c> in <c>$XDG_CACHE_HOME</c>, else in
    /// <c>~/.cache</c> (Linux), <c>~/Library/Caches</c> (macOS) or the local application data (Windows); in the folder for
    /// temporary files where there is no home.
    /// </summary>
    public string CacheFolder { get; init; } = UserCache.Folder;

    /// <summary>Base addresses to download from, in this order, instead of the published ones; null for those.</summary>
    public IReadOnlyList<Uri>? Mirrors { get; init; }

    /// <summary>How long a server may stay silent before it is given up for the next one.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Notified how far each download is; null if nobody wants to know. Called on the downloading thread.</summary>
    public IProgress<DownloadProgress>? Progress { get; init; }

    /// <summary>
    /// The height and width that image files are resized to, without keeping their proportions; null to take them as they are,
    /// and all must then have one size.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not 1 to 4096.</exception>
    public int? ImageSide
    {
        get => imageSide;
        init => imageSide = value is null or (>= 1 and <= 4096) ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value, "A side has 1 to 4096 pixels.");
    }

    /// <summary>How the columns of a table become samples and targets.</summary>
    public TableOptions Table { get; init; } = new();

    /// <summary>What <c>PACGEN_DATA</c> says.</summary>
    internal string? EnvironmentFolder { get; init; } = Environment.GetEnvironmentVariable("PACGEN_DATA");

    /// <summary>The working folder's <c>data</c>.</summary>
    internal string WorkingFolder { get; init; } = "data";

    /// <summary>Where the distribution installs data sets, each in a folder of its own.</summary>
    internal string SystemFolder { get; init; } = "/usr/share/datasets";
}
