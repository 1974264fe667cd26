namespace PacGen.Nn;

/// <summary>How far the download of one file is. Reported at its start, after each block, and at its end.</summary>
/// <param name="File">The file's name, for example <c>train-images-idx3-ubyte.gz</c>.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Received">Bytes received so far; it starts again at 0 when another mirror is tried.</param>
/// <param name="Total">Bytes that the server announced; null where it announced none.</param>
public readonly record struct DownloadProgress(string File, Uri Source, long Received, long? Total);
