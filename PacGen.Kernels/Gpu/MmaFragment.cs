using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// Which elements the 32 lanes of a warp hold of the instruction mma.m16n8k8 with TF32 numbers, C + A·B of a 16 × 8 matrix A and
/// an 8 × 8 matrix B: lane and register of a fragment to row, column or term, as the PTX manual's figures of this shape have it.
/// </summary>
internal static class MmaFragment
{
    /// <summary>The lanes of a warp.</summary>
    public const int Lanes = 32;

    /// <summary>The row of A in registers 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RowOfA(int lane, int register) => (lane / 4) + (8 * (register % 2));

    /// <summary>The term, A's column, in registers 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TermOfA(int lane, int register) => (lane % 4) + (4 * (register / 2));

    /// <summary>The term, B's row, in registers 0 and 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TermOfB(int lane, int register) => (lane % 4) + (4 * register);

    /// <summary>The column of B in both registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ColumnOfB(int lane) => lane / 4;

    /// <summary>The row of C in registers 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RowOfC(int lane, int register) => (lane / 4) + (8 * (register / 2));

    /// <summary>The column of C in registers 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ColumnOfC(int lane, int register) => (2 * (lane % 4)) + (register % 2);
}
