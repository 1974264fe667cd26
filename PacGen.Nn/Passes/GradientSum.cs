using System.Numerics;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The gradient of a batch that is passed in parts: each part's goes into <see cref="Part"/>, and their mean is gathered along a
/// binary tree, ((p0 + p1) + (p2 + p3)) + …; a part without a neighbour goes up as it is. What else is a mean over the batch,
/// such as its loss, may stand behind the gradient.
/// </summary>
internal sealed class GradientSum : IDisposable
{
    private readonly DeviceBuffer total, portion;
    private readonly Upload share;
    private readonly Launch? spread;
    private readonly List<DeviceBuffer> sums = [];
    private readonly Dictionary<(int Sums, bool IsLast, long Start, long Count), CompiledGraph> folds = [];
    private readonly float[] scalar = new float[1];
    private float[]? nothing;

    /// <param name="total">Where the batch's gradient goes.</param>
    /// <param name="parts">Of how many parts it is: their memory is taken at once.</param>
    /// <param name="more">How many numbers stand behind it; <see cref="Spread"/> then brings the gradient to its place.</param>
    public GradientSum(DeviceBuffer total, int parts, long more = 0)
    {
        this.total = total;
        Part = total.Device.Allocate(total.Count + more, "the gradients of a part of a batch");
        try
        {
            Gradient = new Region(Part).Slice(0, total.Count);
            More = new Region(Part).Slice(total.Count, more);
            if (parts > 1)
            {
                SumOf(BitOperations.Log2((uint)parts - 1));
            }

            portion = total.Device.Allocate(1);
            share = total.Device.CreateUpload(new Region(portion));
            Shape shape = new(checked((int)total.Count));
            spread = more == 0 ? null
                : total.Device.Bind(FusedMap.BroadcastTo(shape), [shape], [Gradient], new Region(total));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// A buffer for the gradient of one part, in the arena's layout, and for what stands behind it; where there is that, for the
    /// batch's too.
    /// </summary>
    public DeviceBuffer Part { get; }

    /// <summary>The gradient in it.</summary>
    public Region Gradient { get; }

    /// <summary>What stands behind it.</summary>
    public Region More { get; }

    /// <summary>Its memory in bytes: the part's numbers, and as many for each height of the tree.</summary>
    public long Bytes => Part.Count * (1 + sums.Count) * sizeof(float);

    /// <summary>Adds the part's gradient to the batch's, and what stands behind it.</summary>
    /// <param name="portion">The part's share of the batch's images.</param>
    /// <param name="index">Which part, from 0 in order.</param>
    /// <param name="last">Whether it is the last: the sum is then in its place.</param>
    public void Add(double portion, int index, bool last)
    {
        Send(portion);

        // The parts before are in sums of 2^i, one for each bit of their number; those of the lowest ones end with this part.
        int ending = last ? index : (1 << BitOperations.TrailingZeroCount(~index)) - 1;
        Fold(ending, last, new Region(Part));
    }

    /// <summary>Says the last part's share, before it is added range by range.</summary>
    public void Send(double portion)
    {
        scalar[0] = (float)portion;
        share.Write(scalar);
    }

    /// <summary>Adds a range of the last part to the batch's, to the same bits as the whole.</summary>
    /// <param name="index">Which part, from 0 in order.</param>
    /// <param name="range">The range of <see cref="Part"/>.</param>
    public void AddLast(int index, Region range) => Fold(index, true, range);

    /// <summary>Makes the sum of no parts: what changes no other sum.</summary>
    public void Clear()
    {
        if (nothing is null)
        {
            nothing = new float[Part.Count];
            Array.Fill(nothing, -0f);
        }

        Part.Write(0, nothing);
    }

    /// <summary>Copies the gradient from <see cref="Part"/> to its place.</summary>
    public void Spread()
    {
        spread?.Run();
        GC.KeepAlive(this);
    }

    public void Dispose()
    {
        share?.Dispose();
        spread?.Dispose();
        foreach (CompiledGraph fold in folds.Values)
        {
            fold.Dispose();
        }

        sums.ForEach(sum => sum.Dispose());
        portion?.Dispose();
        Part.Dispose();
    }

    private void Fold(int ending, bool last, Region range)
    {
        var key = (ending, last, range.Start, range.Count);
        if (!folds.TryGetValue(key, out CompiledGraph? fold))
        {
            folds[key] = fold = Compile(ending, last, range);
        }

        fold.Run();
    }

    private CompiledGraph Compile(int ending, bool last, Region range)
    {
        Shape shape = new(checked((int)range.Count));
        Tensor part = Tensor.Input(shape, "part"), portion = Tensor.Input(Shape.Scalar, "share"), sum = part * portion;
        Dictionary<Tensor, Region> places = new() { [part] = range, [portion] = new(this.portion) };
        for (int i = 0; ending >> i != 0; i++)
        {
            if ((ending >> i & 1) != 0)
            {
                Tensor before = Tensor.Input(shape, $"sum of {1 << i}");
                places[before] = Of(SumOf(i));
                sum = before + sum;
            }
        }

        places[sum] = Of(!last ? SumOf(BitOperations.PopCount((uint)ending)) : spread is null ? total : Part);
        return CompiledGraph.Compile(total.Device, [sum], places);

        Region Of(DeviceBuffer buffer) => new(buffer, range.Start, range.Count);
    }

    /// <summary>Where the sum of 2^i parts waits for its neighbour.</summary>
    private DeviceBuffer SumOf(int i)
    {
        while (sums.Count <= i)
        {
            sums.Add(total.Device.Allocate(Part.Count, "sums of the gradients of parts of a batch"));
        }

        return sums[i];
    }
}
