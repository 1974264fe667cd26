namespace PacGen.Benchmarks.Reporting;

/// <summary>
/// What a file that is written holds: one that is there and holds something else is somebody's work, and is not replaced.
/// </summary>
internal enum OutputKind
{
    /// <summary>Anything: what is there is replaced.</summary>
    Any,

    /// <summary>JSON, or lines of it.</summary>
    Json,

    /// <summary>A PNG picture.</summary>
    Picture,

    /// <summary>Weights in the safetensors format.</summary>
    Weights,
}
