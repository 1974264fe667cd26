namespace PacGen.Kernels;

/// <summary>One process by itself: nothing is sent.</summary>
internal sealed class SingleCommunicator() : Communicator(0, 1)
{
    public override string Library => "none";

    public override void Abort(int exitCode)
    {
    }

    private protected override void Exchange(int partner, ReadOnlySpan<byte> send, Span<byte> receive) =>
        throw new InvalidOperationException("There is no other rank.");
}
