using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A product's extents, and where its rows go: one behind the other, or to places of images that are a stride apart.
/// </summary>
internal struct ProductTarget : IProductTarget, IRowTarget
{
    public int Rows, Columns, Terms;

    /// <summary>
    /// The terms of one split, a multiple of a tile's, and how many splits there are; each writes a matrix of its own.
    /// </summary>
    public int SplitTerms, Splits;

    private int wide, strided, first, strideHigh, strideMiddle, strideLow;
    private Radix radix;

    /// <summary>Rows one behind the other.</summary>
    public ProductTarget(int rows, int columns, int terms, bool aligned)
    {
        (Rows, Columns, Terms, SplitTerms, Splits) = (rows, columns, terms, terms, 1);
        wide = aligned && columns % 4 == 0 ? 1 : 0;
    }

    /// <summary>Row (High, Middle, Low) goes to first + High · strideHigh + Middle · strideMiddle + Low · strideLow.</summary>
    public ProductTarget(
        int rows, int columns, int terms, bool aligned, Radix radix, int first, int strideHigh, int strideMiddle, int strideLow)
        : this(rows, columns, terms, aligned)
    {
        strided = 1;
        this.radix = radix;
        (this.first, this.strideHigh, this.strideMiddle, this.strideLow) = (first, strideHigh, strideMiddle, strideLow);
    }

    static bool IProductTarget.GathersMoments => false;

    /// <inheritdoc/>
    public static bool StoresElsewhere => false;

    /// <inheritdoc/>
    public readonly ProductTarget Layout => this;

    /// <summary>Whether rows are stored 16 bytes at a time, or 8 where a thread has two numbers side by side.</summary>
    public readonly bool IsWide => wide != 0;

    /// <summary>The same, stored a float at a time.</summary>
    public readonly ProductTarget InOnes() => this with { wide = 0 };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(
        ArrayView<float> memory, int split, int row, int column0, int column1, Quad c00, Quad c01, Quad c10, Quad c11, Quad c20,
        Quad c21, Quad c30, Quad c31)
    {
        StoreRow(memory, row, Start(split, row), column0, column1, c00, c01);
        StoreRow(memory, row + 1, Start(split, row + 1), column0, column1, c10, c11);
        StoreRow(memory, row + 2, Start(split, row + 2), column0, column1, c20, c21);
        StoreRow(memory, row + 3, Start(split, row + 3), column0, column1, c30, c31);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePairs(
        ArrayView<float> memory, int split, int row0, int row1, int column, Quad c0, Quad c1, Quad c2, Quad c3, Quad c4, Quad c5,
        Quad c6, Quad c7, int width)
    {
        int start0 = Start(split, row0), start1 = Start(split, row1);
        StorePairs(memory, row0, row1, start0, start1, column, c0, c1, c2, c3, width);
        if (width > 2)
        {
            StorePairs(memory, row0, row1, start0, start1, column + 32, c4, c5, c6, c7, width - 2);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly EightQuads Made(int split, int row, int column0, int column1, EightQuads sums) => sums;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly EightQuads MadePairs(int split, int row0, int row1, int column, EightQuads sums, int width) => sums;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Gather(
        ArrayView<float> memory, int split, int row, int column0, int column1, int apart, EightQuads upper, EightQuads lower)
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void GatherPairs(
        ArrayView<float> memory, int split, int row0, int row1, int column, EightQuads s0, EightQuads s1, EightQuads s2,
        EightQuads s3, int width)
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreRow(
        ArrayView<float> memory, int row, int start, int column0, int column1, Quad numbers0, Quad numbers1)
    {
        if (row < Rows)
        {
            StoreQuad(memory, start, column0, numbers0);
            StoreQuad(memory, start, column1, numbers1);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePairs(
        ArrayView<float> memory, int row0, int row1, int start0, int start1, int column, Quad c0, Quad c1, Quad c2, Quad c3,
        int width)
    {
        if (row0 < Rows)
        {
            StorePair(memory, start0, column, c0.X, c0.Y);
            StorePair(memory, start0, column + 8, c1.X, c1.Y);
            if (width > 1)
            {
                StorePair(memory, start0, column + 16, c2.X, c2.Y);
                StorePair(memory, start0, column + 24, c3.X, c3.Y);
            }
        }

        if (row1 < Rows)
        {
            StorePair(memory, start1, column, c0.Z, c0.W);
            StorePair(memory, start1, column + 8, c1.Z, c1.W);
            if (width > 1)
            {
                StorePair(memory, start1, column + 16, c2.Z, c2.W);
                StorePair(memory, start1, column + 24, c3.Z, c3.W);
            }
        }
    }

    /// <summary>Where a row begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Start(int split, int row)
    {
        int start = ((split * Rows) + row) * Columns;
        if (strided != 0)
        {
            Digits place = radix.Of(row);
            start = first + (place.High * strideHigh) + (place.Middle * strideMiddle) + (place.Low * strideLow);
        }

        return start;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void StorePair(ArrayView<float> memory, int start, int column, float x, float y)
    {
        if (column < Columns)
        {
            if (wide != 0)
            {
                Pair.Store(memory, start + column, new(x, y));
            }
            else
            {
                memory[start + column] = x;
                if (column + 1 < Columns)
                {
                    memory[start + column + 1] = y;
                }
            }
        }
    }

    /// <summary>Stores four numbers of the row that begins somewhere, without those beyond the matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void StoreQuad(ArrayView<float> memory, int start, int column, Quad numbers)
    {
        if (column < Columns)
        {
            int at = start + column;
            if (wide != 0)
            {
                Quad.Store(memory, at, numbers);
            }
            else
            {
                memory[at] = numbers.X;
                if (column + 1 < Columns)
                {
                    memory[at + 1] = numbers.Y;
                }

                if (column + 2 < Columns)
                {
                    memory[at + 2] = numbers.Z;
                }

                if (column + 3 < Columns)
                {
                    memory[at + 3] = numbers.W;
                }
            }
        }
    }
}
