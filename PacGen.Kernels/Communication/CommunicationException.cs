namespace PacGen.Kernels;

/// <summary>
/// Processes that were to share a run can't: there is no MPI library, or one of them has ended. The message says what to do.
/// </summary>
public sealed class CommunicationException : Exception
{
    /// <summary>An error with a message.</summary>
    /// <param name="message">What is wrong.</param>
    public CommunicationException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and what caused it.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="cause">Its cause.</param>
    public CommunicationException(string message, Exception? cause)
        : base(message, cause)
    {
    }

    /// <summary>An error that says nothing.</summary>
    public CommunicationException()
    {
    }
}
