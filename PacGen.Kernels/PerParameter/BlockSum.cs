using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The order in which every per-parameter sum is taken, so that it has the same bits for any vector width, any number of
/// threads and any device: elements fall into blocks of 4,096; in a block element i goes to accumulator i mod 1,024, in order,
/// each starting at 0; the accumulators are folded in halves, a[j] += a[j + 512] for j below 512, then 256, …, 1; the
/// blocks' sums, floats, are added in double: sum j goes to total j mod 256, in order, and these are folded in halves as well.
/// So a GPU's 256 threads keep four accumulators each, for their 16-byte loads, and the float part of an error stays below 14
/// roundings.
/// </summary>
internal static unsafe class BlockSum
{
    /// <summary>Elements a block.</summary>
    public const int Block = 4096;

    /// <summary>Accumulators a block.</summary>
    public const int Accumulators = 1024;

    /// <summary>Totals of the blocks' sums.</summary>
    public const int Totals = 256;

    /// <summary>Blocks a task: enough that handing out tasks costs nothing.</summary>
    public const int BlocksPerTask = 4;

    /// <summary>How many blocks cover a number of elements.</summary>
    public static int Blocks(long count) => checked((int)((count + Block - 1) / Block));

    /// <summary>How many tasks cover a number of elements.</summary>
    public static int Tasks(long count) => (Blocks(count) + BlocksPerTask - 1) / BlocksPerTask;

    /// <summary>The sum of a block's accumulators, which are used up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Fold<T>(float* accumulators)
        where T : struct, IMemoryLane<T>
    {
        for (int half = Accumulators / 2; half > 0; half /= 2)
        {
            int j = 0;
            for (; j + T.Count <= half; j += T.Count)
            {
                T.Store(accumulators + j, T.Load(accumulators + j) + T.Load(accumulators + half + j));
            }

            for (; j < half; j++)
            {
                accumulators[j] += accumulators[half + j];
            }
        }

        return accumulators[0];
    }

    /// <summary>The largest of the blocks' maxima; a NaN only where all are.</summary>
    public static double Largest(ReadOnlySpan<float> blocks)
    {
        float largest = float.NaN;
        foreach (float value in blocks)
        {
            largest = value > largest || float.IsNaN(largest) ? value : largest;
        }

        return largest;
    }

    /// <summary>The sum of the blocks' sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Total(ReadOnlySpan<float> blocks)
    {
        Span<double> totals = stackalloc double[Totals];
        totals.Clear();
        for (int block = 0; block < blocks.Length; block++)
        {
            totals[block % Totals] += blocks[block];
        }

        for (int half = Totals / 2; half > 0; half /= 2)
        {
            for (int j = 0; j < half; j++)
            {
                totals[j] += totals[j + half];
            }
        }

        return totals[0];
    }
}
