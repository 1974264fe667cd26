using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The sum of a batch's gradients over the ranks, which begins while this rank's last part is being passed. The buffer is cut
/// into ranges, from its end on, where the gradients of the last layers lie, which come first; each is added to the parts before
/// and sent as soon as it is there.
/// </summary>
/// <remarks>
/// The ranges follow from the parameters alone, so that they are the same on ranks whose parts differ in size. On the CPU a
/// launch has been done when it returns, and messages go on between two launches; a GPU's pass ends before the first is sent.
/// </remarks>
internal sealed class OverlappedSum : IDisposable
{
    /// <summary>
    /// How many ranges there are at most, and the least that is worth a message of its own, in floats: 64 KiB take as long as
    /// a message's latency on the networks of clusters, some microseconds, several times.
    /// </summary>
    private const int Most = 8, Least = 16 << 10;

    private readonly GradientSum gradients;
    private readonly Action keepRest;
    private readonly BufferSum sum;
    private readonly Action<int> after;
    private readonly bool waits;

    /// <summary>The first parameter of each range.</summary>
    private readonly List<int> lowest = [];

    private int[] ready = [];
    private int part;

    /// <param name="arena">The parameters.</param>
    /// <param name="gradients">The gradients of this rank's parts.</param>
    /// <param name="ranks">The processes.</param>
    /// <param name="overlaps">Whether the sum begins before the pass ends; else it is one of all numbers behind it.</param>
    /// <param name="keepRest">Brings what stands behind the gradient there, once the pass has made it.</param>
    public OverlappedSum(
        ParameterArena arena, GradientSum gradients, Communicator ranks, bool overlaps, Action keepRest)
    {
        (this.gradients, this.keepRest) = (gradients, keepRest);
        List<Region> ranges = [];
        long end = gradients.Part.Count, least = overlaps ? Math.Max(Least, end / Most) : end;
        for (int i = arena.Parameters.Count - 1; i >= 0; i--)
        {
            long start = arena.Segment(gradients.Part, i).Start;
            if (end - start >= least || i == 0)
            {
                ranges.Add(new Region(gradients.Part, start, end - start));
                lowest.Add(i);
                end = start;
            }
        }

        waits = ranges.Count == 1 || gradients.Part.Device is not CpuDevice;
        sum = new BufferSum(ranks, gradients.Part, ranges);
        after = After;
    }

    /// <summary>Prepares for the pass of the last part.</summary>
    /// <param name="graph">What passes it.</param>
    /// <param name="index">Which part of this rank it is, from 0.</param>
    /// <param name="portion">Its share of the batch's images.</param>
    /// <returns>What is to be called after each launch; null where the sum begins behind the pass.</returns>
    public Action<int>? Begin(BatchGraph.Compiled graph, int index, double portion)
    {
        if (waits)
        {
            return null;
        }

        part = index;
        ready = graph.RangesAt ??= [.. lowest.Select((first, range) =>
        {
            int[] own = graph.GradientsAt[first..(range == 0 ? graph.GradientsAt.Length : lowest[range - 1])];
            return Math.Max(own.Max(), range == 0 ? graph.RestAt : 0);
        })];
        gradients.Send(portion);
        return after;
    }

    /// <summary>Waits until every rank has the batch's sum.</summary>
    public void Finish() => sum.Finish();

    public void Dispose() => sum.Dispose();

    private void After(int launch)
    {
        sum.Advance();
        for (int range = 0; range < ready.Length; range++)
        {
            if (ready[range] != launch)
            {
                continue;
            }

            if (range == 0)
            {
                keepRest();
            }

            gradients.AddLast(part, sum.Ranges[range]);
            sum.Begin(range);
        }
    }
}
