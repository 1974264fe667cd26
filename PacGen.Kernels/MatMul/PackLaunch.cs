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
            for (int k = 0; k < terms; k++)
            {
                float* line = to + (k * width);
                RowTiles<T>.Copy(from + (k * termStep), line, columns, false);
                for (int j = columns; j < width; j++)
                {
                    line[j] = 0f;
                }
            }

            return;
        }

        for (int j = 0; j < columns; j++)
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
}
