using System.Runtime.CompilerServices;

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

    private static InvalidDataException Invalid(float value, long row, int columns, string operation) =>
        new($"{operation}: the index of row {row} is {value:R}, which is not an integer from 0 to {columns - 1}.");
}
