namespace PacGen.Tests.CudaEmulator;

/// <summary>A PTX text, read.</summary>
internal sealed class PtxModule
{
    /// <summary>Reads a text.</summary>
    /// <exception cref="EmulatedFault">An instruction that isn't emulated, or no PTX; the message names the line.</exception>
    public static PtxModule Parse(string text) => throw new NotImplementedException();

    /// <exception cref="KeyNotFoundException">There is no such kernel.</exception>
    public PtxKernel this[string name] => throw new NotImplementedException();

    /// <summary>Its kernels (.entry).</summary>
    public IReadOnlyList<PtxKernel> Kernels => throw new NotImplementedException();
}
