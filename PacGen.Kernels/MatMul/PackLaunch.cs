using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Copies a matrix into panels: each a contiguous block with one line of whole vectors per term of the sum, as the
/// micro-kernels read it, filled up with zeros.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="panels">The panels.</param>
/// <param name="source">The matrix.</param>
/// <param name="sections">Where in the matrix each section of terms begins; the sections follow each other in the panels.</param>
/// <param name="terms">The terms of a section.</param>
/// <param name="termStep">From a term to the next in the matrix.</param>
/// <param name="columnStep">From a column to the next in the matrix.</param>
/// <param name="destination">The panels' memory.</param>
internal sealed unsafe class PackLaunch<T>(
    CpuDevice device, ColumnPanels panels, Region source, nint[] sections, int terms, nint termStep, nint columnStep,
    Region destination)
    : CpuLaunch(device)
    where T : struct, IMemoryLane<T>
{
    private const int TermsPerTask = 256;
    private readonly int slices = (terms + TermsPerTask - 1) / TermsPerTask;

    /// <inheritdoc/>
    public override int Tasks => sections.Length * slices * panels.Count;

    /// <inheritdoc/>
    public override void RunTask(int task, int worker)
    {
        (int rest, int panel) = Math.DivRem(task, panels.Count);
        (int section, int slice) = Math.DivRem(rest, slices);
        int first = slice * TermsPerTask, count = Math.Min(TermsPerTask, terms - first), start = panels.Start(panel);
        int width = panels.VectorsOf(panel) * panels.Lane;
        float* to = CpuDevice.Address(destination) + ((nint)start * sections.Length * terms) + (
            ((nint)section * terms) + first) * width;
        float* from = CpuDevice.Address(source) + sections[section] + (first * termStep) + (start * columnStep);
        Pack(from, termStep, columnStep, count, panels.ColumnsOf(panel), width, to);
    }

    /// <summary>Copies some terms of one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* from, nint termStep, nint columnStep, int terms, int columns, int width, float* to)
    {
        if (columnStep == 1)
        {
            PackLines(from, termStep, terms, columns, width, to);
            return;
        }

        int firstColumn = 0;
        if (termStep == 1 && SquareTranspose.IsSupported)
        {
            firstColumn = columns / SquareTranspose.Side * SquareTranspose.Side;
            PackSquares(from, columnStep, terms, firstColumn, width, to);
        }

        for (int j = firstColumn; j < columns; j++)
        {
            float* column = from + (j * columnStep);
            for (int k = 0; k < terms; k++)
            {
                to[(k * width) + j] = column[k * termStep];
            }
        }

        for (int j = columns; j < width; j++)
        {
            for (int k = 0; k < terms; k++)
            {
                to[(k * width) + j] = 0f;
            }
        }
    }

    // Lines further apart than a page are not fetched ahead by the machine.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackLines(float* from, nint termStep, int terms, int columns, int width, float* to)
    {
        const int Ahead = 8, Line = 16;
        int whole = columns / T.Count * T.Count;
        for (int k = 0; k < terms; k++, from += termStep, to += width)
        {
            float* next = from + (Ahead * termStep);
            for (int j = 0; j < columns; j += Line)
            {
                CpuDevice.Prefetch(next + j);
            }

            for (int j = 0; j < whole; j += T.Count)
            {
                T.Store(to + j, T.Load(from + j));
            }

            for (int j = whole; j < columns; j++)
            {
                to[j] = from[j];
            }

            for (int j = columns; j < width; j++)
            {
                to[j] = 0f;
            }
        }
    }

    // A line of the cache of each column at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackSquares(float* from, nint columnStep, int terms, int columns, int width, float* to)
    {
        const int Line = 16;
        for (int first = 0; first < terms; first += Line)
        {
            int end = Math.Min(first + Line, terms);
            for (int j = 0; j < columns; j += SquareTranspose.Side)
            {
                float* column = from + (j * columnStep);
                int k = first;
                for (; k + SquareTranspose.Side <= end; k += SquareTranspose.Side)
                {
                    SquareTranspose.Copy(column + k, columnStep, to + ((nint)k * width) + j, width);
                }

                for (; k < end; k++)
                {
                    for (int i = 0; i < SquareTranspose.Side; i++)
                    {
                        to[((nint)k * width) + j + i] = column[(i * columnStep) + k];
                    }
                }
            }
        }
    }
}
