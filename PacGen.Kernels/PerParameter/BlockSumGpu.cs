using System.Runtime.CompilerServices;
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

    /// <summary>A group's accumulators, in memory that its threads share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<Quad> Accumulators() => SharedMemory.Allocate<Quad>(Quads);

    /// <summary>
    /// Folds a group's accumulators in halves; after it, thread 0 sees in the first what <see cref="Within"/> ends.
    /// </summary>
    public static void Fold(ArrayView<Quad> accumulators)
    {
        for (int half = Quads / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            for (int j = Group.IdxX; j < half; j += Group.DimX)
            {
                accumulators[j] = Quad.Add(accumulators[j], accumulators[j + half]);
            }
        }
    }

    /// <summary>The last two halvings, of a quad's own floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Within(Quad quad) =>
        GpuArithmetic.Add(GpuArithmetic.Add(quad.X, quad.Z), GpuArithmetic.Add(quad.Y, quad.W));

    /// <summary>The number of elements as a kernel counts them.</summary>
    /// <exception cref="NotSupportedException">It is too large for that.</exception>
    public static int Count(GpuDevice device, long count) => count <= int.MaxValue - BlockSum.Block
        ? (int)count
        : throw new NotSupportedException(
            $"{device.Name} takes at most {int.MaxValue - BlockSum.Block} parameters in one region, not {count}.");
}
