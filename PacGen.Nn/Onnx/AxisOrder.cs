namespace PacGen.Nn;

/// <summary>Orders of axes: axis i of the result is axis order[i] of what is permuted.</summary>
internal static class AxisOrder
{
    /// <summary>0, 1, …: every axis stays.</summary>
    public static int[] Identity(int rank) => [.. Enumerable.Range(0, rank)];

    /// <summary>The order that undoes another.</summary>
    public static int[] Inverse(ReadOnlySpan<int> order)
    {
        int[] back = new int[order.Length];
        for (int axis = 0; axis < order.Length; axis++)
        {
            back[order[axis]] = axis;
        }

        return back;
    }

    /// <summary>Whether an order names each axis once.</summary>
    public static bool IsPermutation(ReadOnlySpan<int> order)
    {
        int[] sorted = order.ToArray();
        Array.Sort(sorted);
        return sorted.AsSpan().SequenceEqual(Identity(sorted.Length));
    }

    /// <summary>Whether elements stay where they are: only axes of extent 1 change their place.</summary>
    public static bool Keeps(ReadOnlySpan<int> dims, ReadOnlySpan<int> order)
    {
        int last = -1;
        foreach (int axis in order)
        {
            if (dims[axis] != 1)
            {
                if (axis < last)
                {
                    return false;
                }

                last = axis;
            }
        }

        return true;
    }

    /// <summary>For each element of the permuted array, row-major, its place in the array that was permuted.</summary>
    public static int[] Places(ReadOnlySpan<int> dims, ReadOnlySpan<int> order)
    {
        int rank = dims.Length, count = 1;
        int[] strides = new int[rank];
        for (int axis = rank - 1; axis >= 0; axis--)
        {
            strides[axis] = count;
            count *= dims[axis];
        }

        int[] places = new int[count], index = new int[rank];
        for (int i = 0, place = 0; i < count; i++)
        {
            places[i] = place;
            for (int axis = rank - 1; axis >= 0; axis--)
            {
                place += strides[order[axis]];
                if (++index[axis] < dims[order[axis]])
                {
                    break;
                }

                place -= strides[order[axis]] * index[axis];
                index[axis] = 0;
            }
        }

        return places;
    }
}
