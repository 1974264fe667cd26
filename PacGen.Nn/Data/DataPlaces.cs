namespace PacGen.Nn;

/// <summary>
/// Where a set's files may lie, in the order that <see cref="DataOptions"/> states, and how they come into the cache.
/// </summary>
/// <param name="Name">The set's name: that of its folder.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Wanted">What is looked for, for people.</param>
/// <param name="Lacking">What a folder lacks: null where it has everything that is needed, empty where it has nothing.</param>
internal sealed record DataPlaces(string Name, string Title, string Wanted, Func<string, string?> Lacking)
{
    /// <summary>The folder that has what is needed, or null if there is none and it may be downloaded.</summary>
    /// <exception cref="DataException">It is nowhere, and may not be downloaded; a folder that was named does not
    /// exist.</exception>
    public string? Locate(DataOptions options)
    {
        if (options.Folder is string given)
        {
            return LocateIn(given);
        }

        PassingFile.RemoveAbandoned(Path.Combine(options.CacheFolder, Name));
        List<string> places = [];
        if (!string.IsNullOrEmpty(options.EnvironmentFolder))
        {
            if (!Directory.Exists(options.EnvironmentFolder))
            {
                throw new DataException(
                    $"PACGEN_DATA names the folder {options.EnvironmentFolder}, which does not exist. Correct it or unset it.");
            }

            places.AddRange(Places(options.EnvironmentFolder));
        }

        places.AddRange(Places(options.WorkingFolder));
        places.Add(Path.Combine(options.SystemFolder, Name));
        places.Add(Path.Combine(options.CacheFolder, Name));
        string? found = places.Find(place => Lacking(place) is null);
        return found is not null || options.AllowDownload ? found
            : throw new DataException(
                $"{Title} is not on this machine: looked in {string.Join(", ", places)} for {Wanted}. Name its folder with " +
                $"--data, or allow the download: leave --no-download out, or set AllowDownload.");
    }

    /// <summary>Downloads files into the cache; returns the set's folder there.</summary>
    /// <param name="options">Where the cache is, and what to tell whom.</param>
    /// <param name="mirrors">Where to download from.</param>
    /// <param name="files">Which files, given the folder.</param>
    /// <param name="cancellation">Stops it; whole files stay.</param>
    /// <exception cref="DataException">No mirror gives a file whole, or the disk does not take it.</exception>
    public async Task<string> FetchAsync(
        DataOptions options, IReadOnlyList<Uri> mirrors, Func<string, IEnumerable<DownloadFile>> files,
        CancellationToken cancellation)
    {
        string folder = Path.Combine(options.CacheFolder, Name);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(
                $"The cache folder {folder} cannot be made: {error.Message.TrimEnd('.')}. Name another in XDG_CACHE_HOME or " +
                $"CacheFolder, or put the {Title} files somewhere and name the folder with --data.", error);
        }

        try
        {
            using Download download = new(options.Patience, options.Progress);
            foreach (DownloadFile file in files(folder))
            {
                cancellation.ThrowIfCancellationRequested();
                string? failure = await download.FetchAsync(
                    file, options.Mirrors ?? mirrors, Path.Combine(folder, file.Name), cancellation).ConfigureAwait(false);
                if (failure is not null)
                {
                    throw new DataException(
                        $"{Title} is not on this machine and {file.Name} cannot be downloaded ({failure}). Check the " +
                        $"connection, or put {Wanted} in a folder and name it with --data.");
                }
            }
        }
        finally
        {
            RemoveIfEmpty(folder);
        }

        return folder;
    }

    private string LocateIn(string folder)
    {
        const string Otherwise = "or leave --data out to have PacGen look elsewhere and download them.";
        if (!Directory.Exists(folder))
        {
            throw new DataException(
                $"The data folder {folder}, where the {Title} files were to be read, does not exist. Correct the path, " +
                $"{Otherwise}");
        }

        string[] places = Places(folder);
        string? found = Array.Find(places, place => Lacking(place) is null);
        if (found is not null)
        {
            return found;
        }

        string partial = string.Concat(
            from place in places let lacking = Lacking(place) where lacking!.Length > 0 select $" {place} lacks {lacking}.");
        string advice = Deeper(folder) is { } deeper
            ? $"{deeper} has them: name that folder, {Otherwise}"
            : $"Put the files there, name another folder with --data, {Otherwise}";
        throw new DataException(
            $"{Title} is not in the data folder {folder}: looked in {string.Join(" and ", places)} for {Wanted}.{partial} " +
                $"{advice}");
    }

    /// <summary>
    /// A folder below, by at most three, that has what is needed: archives are often unpacked into folders of their own.
    /// </summary>
    private string? Deeper(string folder)
    {
        try
        {
            const int Most = 1000;
            EnumerationOptions below = new() { RecurseSubdirectories = true, MaxRecursionDepth = 2,
                AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint };
            return Directory.EnumerateDirectories(folder, "*", below).Take(Most).Order(StringComparer.Ordinal).FirstOrDefault(
                place => Lacking(place) is null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DataException)
        {
            return null;
        }
    }

    private static void RemoveIfEmpty(string folder)
    {
        try
        {
            if (!Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // An empty folder that cannot be removed harms nobody, and must not hide why the download failed.
        }
    }

    private string[] Places(string folder) => [Path.Combine(folder, Name), folder];
}
