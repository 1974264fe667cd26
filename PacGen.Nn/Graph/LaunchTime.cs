using System.Globalization;

namespace PacGen.Nn;

/// <summary>How long a launch of a compiled graph takes.</summary>
/// <param name="Name">The operation, the shapes of what it reads, and of what it gives.</param>
/// <param name="Milliseconds">The shortest time of a run.</param>
public sealed record LaunchTime(string Name, double Milliseconds)
{
    /// <summary>The name and the time.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}: {Milliseconds:G4} ms");
}
