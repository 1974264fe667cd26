namespace PacGen.Tests.CudaEmulator;

/// <summary>An emulated device's memory. Addresses are the process's own.</summary>
internal sealed class DeviceMemory : IDisposable
{
    public nint Allocate(long bytes) => throw new NotImplementedException();

    public void Free(nint address) => throw new NotImplementedException();

    /// <summary>Whether the bytes lie in one allocation.</summary>
    public bool Contains(nint address, int bytes) => Find(address) is var (start, size) && address - start <= size - bytes;

    /// <summary>The allocation that an address lies in, or none: (0, 0).</summary>
    public (nint Start, long Bytes) Find(nint address) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
