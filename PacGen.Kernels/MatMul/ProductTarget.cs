using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A product's extents, and where its rows go: one behind the other, or to places of images that are a stride apart.
/// </summary>
internal struct ProductTarget : IProductTarget
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

    /// <inheritdoc/>
    public readonly ProductTarget Layout => this;

    /// <summary>Whether rows are stored 16 bytes at a time.</summary>
    public readonly bool IsWide => wide != 0;

    /// <summary>The same, stored a float at a time.</summary>
    public readonly ProductTarget InOnes() => this with { wide = 0 };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(
        ArrayView<float> memory, int split, int row, int column0, int column1, Quad numbers0, Quad numbers1)
    {
        if (row < Rows)
        {
            int start = Start(split, row);
            Store(memory, start, column0, numbers0);
            Store(memory, start, column1, numbers1);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePairs(
        ArrayView<float> memory, int split, int row, int column, float x0, float y0, float x1, float y1, float x2, float y2,
        float x3, float y3)
    {
        if (row < Rows)
        {
            int start = Start(split, row);
            StorePair(memory, start, column, x0, y0);
            StorePair(memory, start, column + 8, x1, y1);
            StorePair(memory, start, column + 16, x2, y2);
            StorePair(memory, start, column + 24, x3, y3);
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
            memory[start + column] = x;
        }

        if (column + 1 < Columns)
        {
            memory[start + column + 1] = y;
        }
    }

    /// <summary>Stores four numbers of the row that begins somewhere, without those beyond the matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> memory, int start, int column, Quad numbers)
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
