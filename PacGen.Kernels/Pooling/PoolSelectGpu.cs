using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>Max pooling and selection at its maxima on a GPU: a pack of channels of one window a thread.</summary>
internal sealed class PoolSelectGpu<TPack> : Launch
    where TPack : unmanaged, IPack<TPack>
{
    private readonly Action<KernelConfig, ArrayView<TPack>, ArrayView<TPack>, ArrayView<TPack>, int, PoolWalk> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<TPack> x, v, y;
    private readonly PoolWalk walk;
    private readonly int same;

    public PoolSelectGpu(GpuDevice device, PoolWalk walk, Region x, Region v, Region y)
    {
        this.walk = walk;
        this.x = Packs.View<TPack>(x);
        this.v = Packs.View<TPack>(v);
        this.y = Packs.View<TPack>(y);
        same = x == v ? 1 : 0;
        grid = device.Grid(walk.Count);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<TPack>, ArrayView<TPack>, ArrayView<TPack>, int, PoolWalk>(
                Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, x, v, y, same, walk);

    internal static void Kernel(ArrayView<TPack> x, ArrayView<TPack> v, ArrayView<TPack> y, int same, PoolWalk walk)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < walk.Count; i += stride)
        {
            PoolPlace place = new(i, walk.PooledHeight, walk.PooledWidth, walk.Channels);
            PoolWindow window = walk.Window(place.Row, place.Column);
            int line =
                (((((place.Image * walk.Height) + window.Top) * walk.Width) + window.Left) * walk.Channels) + place.Channel;
            TPack best = x[line], chosen = same != 0 ? best : v[line];
            for (int row = window.Top; row < window.Bottom; row++)
            {
                int at = line;
                for (int column = window.Left; column < window.Right; column++)
                {
                    TPack key = x[at], value = same != 0 ? key : v[at];
                    TPack.Take(key, value, ref best, ref chosen);
                    at += walk.Channels;
                }

                line += walk.Width * walk.Channels;
            }

            y[i] = chosen;
        }
    }
}
