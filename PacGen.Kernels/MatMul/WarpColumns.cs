namespace PacGen.Kernels;

/// <summary>
/// A thread's share of 64 rows and 16 columns of a warp's sums, 32 numbers: four columns of eight rows in single precision, on
/// tensor cores what a thread has of four fragments one below the other, of the even columns and of the odd ones.
/// </summary>
internal struct WarpColumns
{
    public Quad C0, C1, C2, C3, C4, C5, C6, C7;
}
