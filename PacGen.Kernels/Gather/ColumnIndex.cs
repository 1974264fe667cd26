using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>Labels and indices: floats that hold integers.</summary>
internal static class ColumnIndex
{
    /// <summary>The index of a row as an integer.</summary>
    /// <exception cref="InvalidDataException">It is not an integer in [0, <paramref name="columns"/>).</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe int Read(float* indices, long row, int columns, string operation)
    {
        float value = indices[row];
        if (!(value >= 0 && value < columns))
        {
            throw Invalid(value, row, columns, operation);
        }

        int index = (int)value;
        return index == value ? index : throw Invalid(value, row, columns, operation);
    }

    /// <summary>
    /// The index of a row on a GPU; −1 where it is not an integer in [0, <paramref name="columns"/>), which is reported.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(ArrayView<float> indices, int row, int columns, ArrayView<int> faults, int source)
    {
        float value = indices[row];
        int index = -1;
        if (value >= 0f && value < columns)
        {
            int whole = (int)value;
            index = whole == value ? whole : -1;
        }

        if (index < 0)
        {
            GpuFaults.Report(faults, source, row, value, columns);
        }

        return index;
    }

    /// <summary>The source of an operation's faults.</summary>
    public static int Source(GpuDevice device, string operation) =>
        device.Faults.Source(operation, (row, value, columns) => Invalid(value, row, columns, operation));

    private static InvalidDataException Invalid(float value, long row, int columns, string operation) =>
        new($"{operation}: the index of row {row} is {value:R}, which is not an integer from 0 to {columns - 1}.");
}
