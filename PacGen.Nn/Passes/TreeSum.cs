using System.Numerics;
using System.Runtime.InteropServices;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Sums of arrays over the batches of a pass: within a part from its first batch to its last, over parts along the binary tree,
/// on whichever ranks they are. With one part, the sum from first to last.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class TreeSum<T>
    where T : unmanaged, INumberBase<T>
{
    private readonly List<T[]?> sums = [];
    private readonly int length;
    private T[]? leaf;

    /// <param name="length">How many numbers are summed.</param>
    public TreeSum(int length) => this.length = length;

    /// <summary>Adds what a batch gives to its part's sum.</summary>
    /// <param name="index">Which batch.</param>
    /// <param name="place">Its place in its part, from 0.</param>
    /// <param name="sum">The part's sum so far, zeros at first.</param>
    public delegate void EachBatch(int index, int place, Span<T> sum);

    /// <summary>Ends a part.</summary>
    /// <param name="batches">How many batches it had.</param>
    /// <param name="sum">Its sum.</param>
    public delegate void EachPart(int batches, Span<T> sum);

    /// <summary>Passes this rank's batches and sums over all.</summary>
    /// <param name="parallel">In which parts, on which ranks.</param>
    /// <param name="batches">How many batches there are.</param>
    /// <param name="each">Passes a batch.</param>
    /// <param name="end">Called at the end of each part; null for nothing.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <param name="into">Gets the sums; without it they lie in memory of this object until the next call.</param>
    /// <returns>The sums.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled, on some rank.</exception>
    public Span<T> Run(
        DataParallel parallel, int batches, EachBatch each, EachPart? end, CancellationToken cancellation,
        Span<T> into = default)
    {
        sums.Clear();

        // One part is summed where its sum is wanted.
        bool isDirect = parallel.Own == 1 && !into.IsEmpty;
        int longest = ((batches - 1) / parallel.Parts) + 1;
        for (int part = 0; part < parallel.Own; part++)
        {
            (int start, int stop) = parallel.RangeOf(batches, parallel.First + part);
            Span<T> sum = isDirect ? into : leaf ??= new T[length];
            sum.Clear();
            for (int place = 0; place < longest; place++)
            {
                // As often on every rank.
                parallel.ThrowIfCancelled(cancellation);
                if (start + place < stop)
                {
                    each(start + place, place, sum);
                }
            }

            end?.Invoke(stop - start, sum);
            if (!isDirect)
            {
                Fold(part, last: part == parallel.Own - 1);
            }
        }

        if (!isDirect && !into.IsEmpty)
        {
            leaf.CopyTo(into);
        }

        Span<T> all = into.IsEmpty ? leaf : into;
        if (typeof(T) == typeof(float))
        {
            parallel.Ranks.Sum(MemoryMarshal.Cast<T, float>(all));
        }
        else
        {
            parallel.Ranks.Sum(MemoryMarshal.Cast<T, double>(all));
        }

        return all;
    }

    /// <summary>Joins the leaf with the sums of 2^i parts that it completes.</summary>
    private void Fold(int part, bool last)
    {
        int ending = last ? part : (1 << BitOperations.TrailingZeroCount(~part)) - 1, level = 0;
        T[] leaf = this.leaf!;
        for (; ending >> level != 0; level++)
        {
            if ((ending >> level & 1) != 0)
            {
                T[] before = sums[level]!;
                for (int i = 0; i < leaf.Length; i++)
                {
                    leaf[i] = before[i] + leaf[i];
                }

                sums[level] = null;
            }
        }

        if (last)
        {
            return;
        }

        while (sums.Count <= level)
        {
            sums.Add(null);
        }

        (sums[level], this.leaf) = (leaf, new T[length]);
    }
}
