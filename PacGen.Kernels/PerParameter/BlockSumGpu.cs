using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// <see cref="BlockSum"/>'s order on a GPU: a group takes a block; quad q of the block, elements 4q to 4q + 3, is one Philox
/// counter and has four accumulators of its own. A device whose groups are smaller than 256 gives each thread several quads.
/// </summary>
internal static class BlockSumGpu
{
    /// <summary>Quads of accumulators.</summary>
    public const int Quads = BlockSum.Accumulators / 4;

    /// <summary>Folds a group's accumulators in halves; after it, thread 0 sees the sum in the first of them.</summary>
    public static void Fold(ArrayView<float> accumulators)
    {
        for (int half = BlockSum.Accumulators / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            for (int j = Group.IdxX; j < half; j += Group.DimX)
            {
                accumulators[j] = GpuArithmetic.Add(accumulators[j], accumulators[j + half]);
            }
        }
    }

    /// <summary>The number of elements as a kernel counts them.</summary>
    /// <exception cref="NotSupportedException">It is too large for that.</exception>
    public static int Count(GpuDevice device, long count) => count <= int.MaxValue - BlockSum.Block
        ? (int)count
        : throw new NotSupportedException(
            $"{device.Name} takes at most {int.MaxValue - BlockSum.Block} parameters in one region, not {count}.");
}
