namespace PacGen.Kernels;

/// <summary>
/// A device that was asked for is not there, has no memory left or can't run a kernel. The message is one line: what was asked
/// for, what was found, what to do.
/// </summary>
public sealed class DeviceException : Exception
{
    /// <summary>An error with a message.</summary>
    /// <param name="message">What is wrong.</param>
    public DeviceException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and what caused it.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="cause">Its cause.</param>
    public DeviceException(string message, Exception? cause)
        : base(message, cause)
    {
    }

    /// <summary>An error that says nothing.</summary>
    public DeviceException()
    {
    }
}
