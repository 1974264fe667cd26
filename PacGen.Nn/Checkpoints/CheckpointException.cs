using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// A file of weights or a checkpoint can't be used: it is missing, damaged, or of another model or run. The message is one line
/// for the person who runs the program: what is wrong, where, and what to do; names that it quotes are made safe to print
/// (<see cref="Printable"/>).
/// </summary>
public sealed class CheckpointException : Exception
{
    /// <summary>An exception of the given message.</summary>
    /// <param name="message">What is wrong, with which file.</param>
    public CheckpointException(string message)
        : base(Printable.Message(message))
    {
    }

    /// <summary>An exception of the given message and cause.</summary>
    /// <param name="message">What is wrong, with which file.</param>
    /// <param name="innerException">Its cause.</param>
    public CheckpointException(string message, Exception innerException)
        : base(Printable.Message(message), innerException)
    {
    }

    /// <summary>An exception that says nothing more than its type.</summary>
    public CheckpointException()
        : base("The checkpoint cannot be used.")
    {
    }
}
