using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Moves the axes of tensors and arrays.</summary>
internal static class OnnxAxes
{
    /// <summary>(N, C, H, W) to (N, H, W, C).</summary>
    public static int[] ToChannelsLast { get; } = [0, 2, 3, 1];

    /// <summary>(N, H, W, C) to (N, C, H, W).</summary>
    public static int[] ToChannelsFirst { get; } = [0, 3, 1, 2];

    /// <summary>A tensor with its axes in another order; a view where no element moves.</summary>
    public static Tensor Permuted(Tensor tensor, int[] order)
    {
        int[] dims = tensor.Shape.AsSpan().ToArray();
        return AxisOrder.Keeps(dims, order) ? tensor.Reshape(new Shape(Array.ConvertAll(order, axis => dims[axis])))
            : order is [1, 0] ? tensor.Transpose() : tensor.Permute(order);
    }

    /// <summary>The extents of what arrays of some extents broadcast to, aligned at the last axis.</summary>
    public static int[] Broadcast(params IEnumerable<int[]> all)
    {
        int[] result = [];
        foreach (int[] dims in all)
        {
            int rank = Math.Max(result.Length, dims.Length);
            int[] joined = new int[rank];
            for (int i = 1; i <= rank; i++)
            {
                int a = i <= result.Length ? result[^i] : 1, b = i <= dims.Length ? dims[^i] : 1;
                joined[^i] = a == b || b == 1 ? a : a == 1 ? b : throw new CheckpointException(
                    $"({string.Join(", ", result)}) and ({string.Join(", ", dims)}) do not broadcast");
            }

            result = joined;
        }

        return result;
    }

    /// <summary>An axis that may be counted from the last.</summary>
    public static int Axis(int axis, int rank) => axis >= -rank && axis < rank ? (axis + rank) % rank
        : throw new CheckpointException($"there is no axis {axis} where there are {rank}");
}
