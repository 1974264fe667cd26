using System.Globalization;

namespace PacGen.Core.Text;

/// <summary>
/// The invariant culture for the thread until it is disposed of: around whatever makes a file's text of objects that may be the
/// caller's own, such as an optimizer's <see cref="object.ToString"/>, so that a file is the same in every culture.
/// </summary>
public sealed class InvariantCulture : IDisposable
{
    private readonly CultureInfo before = CultureInfo.CurrentCulture;

    /// <summary>Makes the invariant culture the thread's.</summary>
    public InvariantCulture() => CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

    /// <summary>Makes the culture before the thread's again.</summary>
    public void Dispose() => CultureInfo.CurrentCulture = before;
}
