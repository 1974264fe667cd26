using System.Runtime.CompilerServices;
using ILGPU;
using PacGen.Kernels.Gpu;

namespace PacGen.Kernels;

/// <summary>The 8 × 8 sums of a thread, written out one by one: ILGPU would put an array into local memory.</summary>
internal struct ThreadTile
{
    private Quad c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51, c60, c61, c70, c71;

    /// <summary>Adds the products of a term: eight numbers of A's column with eight of B's row.</summary>
    /// <param name="a">A's tile in shared memory.</param>
    /// <param name="atA">The term's numbers in it.</param>
    /// <param name="halfA">From the first four to the second four.</param>
    /// <param name="b">B's tile in shared memory.</param>
    /// <param name="atB">The term's numbers in it.</param>
    /// <param name="halfB">From the first four to the second four.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<float> a, int atA, int halfA, ArrayView<float> b, int atB, int halfB)
    {
        Quad a0 = Quad.Load(a, atA), a1 = Quad.Load(a, atA + halfA), b0 = Quad.Load(b, atB), b1 = Quad.Load(b, atB + halfB);
        c00 = Quad.MultiplyAdd(a0.X, b0, c00);
        c01 = Quad.MultiplyAdd(a0.X, b1, c01);
        c10 = Quad.MultiplyAdd(a0.Y, b0, c10);
        c11 = Quad.MultiplyAdd(a0.Y, b1, c11);
        c20 = Quad.MultiplyAdd(a0.Z, b0, c20);
        c21 = Quad.MultiplyAdd(a0.Z, b1, c21);
        c30 = Quad.MultiplyAdd(a0.W, b0, c30);
        c31 = Quad.MultiplyAdd(a0.W, b1, c31);
        c40 = Quad.MultiplyAdd(a1.X, b0, c40);
        c41 = Quad.MultiplyAdd(a1.X, b1, c41);
        c50 = Quad.MultiplyAdd(a1.Y, b0, c50);
        c51 = Quad.MultiplyAdd(a1.Y, b1, c51);
        c60 = Quad.MultiplyAdd(a1.Z, b0, c60);
        c61 = Quad.MultiplyAdd(a1.Z, b1, c61);
        c70 = Quad.MultiplyAdd(a1.W, b0, c70);
        c71 = Quad.MultiplyAdd(a1.W, b1, c71);
    }

    /// <summary>Stores the sums: four rows from each of two on, four columns from each of two on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> memory, ProductTarget target, int split, int row0, int row1, int column0, int column1)
    {
        target.Store(memory, split, row0, column0, column1, c00, c01);
        target.Store(memory, split, row0 + 1, column0, column1, c10, c11);
        target.Store(memory, split, row0 + 2, column0, column1, c20, c21);
        target.Store(memory, split, row0 + 3, column0, column1, c30, c31);
        target.Store(memory, split, row1, column0, column1, c40, c41);
        target.Store(memory, split, row1 + 1, column0, column1, c50, c51);
        target.Store(memory, split, row1 + 2, column0, column1, c60, c61);
        target.Store(memory, split, row1 + 3, column0, column1, c70, c71);
    }
}
