namespace PacGen.Kernels;

/// <summary>Up to six numbers of each of four channels: a row or a column of a square, or what a map makes of it.</summary>
internal struct WinogradLine
{
    public Quad N0, N1, N2, N3, N4, N5;
}
