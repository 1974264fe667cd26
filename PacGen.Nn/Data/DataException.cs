using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// Data cannot be had or cannot be used: a file that is missing, truncated or corrupted, a failed download, a batch larger
/// than the data. The message is one line for the person who runs the program: what is wrong, where, and what to do;
/// names that it quotes are made safe to print (<see cref="Printable"/>).
/// </summary>
public sealed class DataException : Exception
{
    /// <summary>An exception of the given message.</summary>
    /// <param name="message">What is wrong, with which file.</param>
    public DataException(string message)
        : base(Printable.Message(message))
    {
    }

    /// <summary>An exception of the given message and cause.</summary>
    /// <param name="message">What is wrong, with which file.</param>
    /// <param name="innerException">Its cause.</param>
    public DataException(string message, Exception innerException)
        : base(Printable.Message(message), innerException)
    {
    }

    /// <summary>An exception that says nothing more than its type.</summary>
    public DataException()
        : base("The data cannot be used.")
    {
    }
}
