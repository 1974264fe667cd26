namespace PacGen.Tests.CudaEmulator;

/// <summary>Extents of a grid or a block, or a place in one.</summary>
internal readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    public long Count => (long)X * Y * Z;

    public override string ToString() => $"({X}, {Y}, {Z})";
}
