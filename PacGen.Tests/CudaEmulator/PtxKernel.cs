namespace PacGen.Tests.CudaEmulator;

/// <summary>A kernel of a <see cref="PtxModule"/>.</summary>
internal sealed class PtxKernel
{
    public string Name => throw new NotImplementedException();

    public int ParameterBytes => throw new NotImplementedException();

    public IReadOnlyList<(int Offset, int Bytes)> Parameters => throw new NotImplementedException();

    public int StaticSharedBytes => throw new NotImplementedException();

    /// <summary>The most threads of a block.</summary>
    public int MaxThreads => throw new NotImplementedException();

    /// <summary>A thread's registers, estimated.</summary>
    public int Registers => throw new NotImplementedException();

    /// <summary>Runs all blocks and waits.</summary>
    /// <exception cref="EmulatedFault">The kernel does what a GPU or its checkers would report.</exception>
    public void Run(
        Dim3 grid, Dim3 block, int dynamicSharedBytes, ReadOnlySpan<byte> parameters, DeviceMemory memory,
        RunOptions? options = null) => throw new NotImplementedException();
}
