namespace PacGen.Kernels;

/// <summary>
/// Bytes on their way to another rank and from it, both at once; when they have arrived it serves for the next.
/// </summary>
internal abstract unsafe class Transfer
{
    /// <summary>Begins to send and to receive. The memory must stay where it is until both have ended.</summary>
    /// <param name="partner">The other rank, which calls this too, with the counts the other way round.</param>
    /// <param name="send">What is sent.</param>
    /// <param name="sendBytes">How many bytes.</param>
    /// <param name="receive">Takes what comes.</param>
    /// <param name="receiveBytes">How many bytes.</param>
    public abstract void Begin(int partner, void* send, long sendBytes, void* receive, long receiveBytes);

    /// <summary>Whether both have ended; lets the library work at it.</summary>
    public abstract bool IsDone();

    /// <summary>
    /// Gives up what has not ended, so that the memory may go: an exception has left it. Nothing is received from then on.
    /// </summary>
    /// <returns>Whether there was any.</returns>
    public abstract bool Cancel();
}
