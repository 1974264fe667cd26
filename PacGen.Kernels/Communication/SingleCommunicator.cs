namespace PacGen.Kernels;

/// <summary>One process by itself: nothing is sent.</summary>
internal sealed class SingleCommunicator() : Communicator(0, 1)
{
    public override string Library => "none";

    public override void Abort(int exitCode)
    {
    }

    internal override Transfer Open(int number) => throw new InvalidOperationException("There is no other rank.");
}
