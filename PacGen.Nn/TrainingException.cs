using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>A run that cannot go on; the message says at which step, why, and what to change.</summary>
/// <param name="message">What happened.</param>
public sealed class TrainingException(string message) : Exception(Printable.Message(message))
{
    /// <summary>
    /// The step at which a loss or gradient was not finite, counted from 1, or null where that is not what happened.
    /// </summary>
    public long? Step { get; init; }

    /// <summary>
    /// Where the first number that was not finite came up: the path of fields that leads to a module, such as
    /// <c>layer1.0.conv1</c>; null where it is in no module or that is not what happened.
    /// </summary>
    public string? Layer { get; init; }
}
