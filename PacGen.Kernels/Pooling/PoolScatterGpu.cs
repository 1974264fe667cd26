using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// The adjoint of max pooling on a GPU. Where windows share no pixel a thread writes all pixels that its window owns. Where they
/// overlap, one launch finds where each window's maximum stands, and in another a thread takes one pixel and adds what the
/// windows that cover it send there, in the CPU's order.
/// </summary>
internal sealed class PoolScatterGpu<TPack> : Launch
    where TPack : unmanaged, IPack<TPack>
{
    private readonly Action<KernelConfig, ArrayView<TPack>, ArrayView<TPack>, ArrayView<TPack>, PoolWalk> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<TPack> x, dy, dx;
    private readonly PoolWalk walk;

    private PoolScatterGpu(
        GpuDevice device, PoolWalk walk, Action<ArrayView<TPack>, ArrayView<TPack>, ArrayView<TPack>, PoolWalk> body, Region x,
        Region dy, Region dx)
    {
        this.walk = walk;
        this.x = Packs.View<TPack>(x);
        this.dy = Packs.View<TPack>(dy);
        this.dx = Packs.View<TPack>(dx);
        grid = device.Grid(walk.Count);
        kernel = device.Load(body.Method, accelerator => accelerator.LoadStreamKernel(body));
    }

    /// <summary>Windows that share no pixel.</summary>
    public static Launch Separate(GpuDevice device, PoolWalk windows, Region x, Region dy, Region dx) =>
        new PoolScatterGpu<TPack>(device, windows, Put, x, dy, dx);

    /// <summary>Windows that overlap; the places of their maxima take memory of their own.</summary>
    public static Launch Overlapping(
        GpuDevice device, PoolWalk windows, PoolWalk pixels, Region x, Region dy, Region dx)
    {
        using LaunchParts parts = new(device);
        Region places = parts.Memory(dy.Count, "the places of max pooling's maxima");
        parts.Add(new PoolScatterGpu<TPack>(device, windows, Find, x, x, places));
        parts.Add(new PoolScatterGpu<TPack>(device, pixels, Gather, places, dy, dx));
        return parts.ToLaunch();
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, x, dy, dx, walk);

    /// <summary>Windows that share no pixel: count is that of the pooled images.</summary>
    internal static void Put(ArrayView<TPack> x, ArrayView<TPack> dy, ArrayView<TPack> dx, PoolWalk walk)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < walk.Count; i += stride)
        {
            PoolPlace place = new(i, walk.PooledHeight, walk.PooledWidth, walk.Channels);
            PoolWindow window = walk.Window(place.Row, place.Column), owned = walk.Owned(place.Row, place.Column);
            TPack best = Best(x, walk, window, place), gradient = dy[i];
            for (int row = owned.Top; row < owned.Bottom; row++)
            {
                int at = (((((place.Image * walk.Height) + row) * walk.Width) + owned.Left) * walk.Channels) + place.Channel;
                int position = ((row - window.Top) * walk.KernelWidth) - window.Left;
                for (int column = owned.Left; column < owned.Right; column++)
                {
                    bool inside = row >= window.Top && row < window.Bottom && column >= window.Left && column < window.Right;
                    dx[at] = TPack.WhereEqual(best, TPack.Constant(inside ? position + column : -1), gradient);
                    at += walk.Channels;
                }
            }
        }
    }

    /// <summary>Where the maximum of each window stands: count is that of the pooled images.</summary>
    internal static void Find(ArrayView<TPack> x, ArrayView<TPack> same, ArrayView<TPack> places, PoolWalk walk)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < walk.Count; i += stride)
        {
            PoolPlace place = new(i, walk.PooledHeight, walk.PooledWidth, walk.Channels);
            places[i] = Best(x, walk, walk.Window(place.Row, place.Column), place);
        }
    }

    /// <summary>What windows that overlap send to each pixel: count is that of the images.</summary>
    internal static void Gather(ArrayView<TPack> places, ArrayView<TPack> dy, ArrayView<TPack> dx, PoolWalk walk)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < walk.Count; i += stride)
        {
            PoolPlace place = new(i, walk.Height, walk.Width, walk.Channels);
            PoolWindow covering = walk.Covering(place.Row, place.Column);
            TPack sum = TPack.Constant(0f);
            for (int row = covering.Top; row < covering.Bottom; row++)
            {
                int at = (((((place.Image * walk.PooledHeight) + row) * walk.PooledWidth) + covering.Left) * walk.Channels)
                    + place.Channel;
                for (int column = covering.Left; column < covering.Right; column++)
                {
                    PoolWindow window = walk.Window(row, column);
                    int position = ((place.Row - window.Top) * walk.KernelWidth) + place.Column - window.Left;
                    sum = TPack.Add(sum, TPack.WhereEqual(places[at], TPack.Constant(position), dy[at]));
                    at += walk.Channels;
                }
            }

            dx[i] = sum;
        }
    }

    /// <summary>Where in a window its maxima stand, as (row − top) · kernel width + column − left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TPack Best(ArrayView<TPack> x, PoolWalk walk, PoolWindow window, PoolPlace place)
    {
        int line = (((((place.Image * walk.Height) + window.Top) * walk.Width) + window.Left) * walk.Channels) + place.Channel;
        TPack best = x[line], position = TPack.Constant(0f);
        for (int row = window.Top; row < window.Bottom; row++)
        {
            int at = line, next = (row - window.Top) * walk.KernelWidth;
            for (int column = window.Left; column < window.Right; column++)
            {
                TPack.Take(x[at], TPack.Constant(next), ref best, ref position);
                at += walk.Channels;
                next++;
            }

            line += walk.Width * walk.Channels;
        }

        return position;
    }
}
