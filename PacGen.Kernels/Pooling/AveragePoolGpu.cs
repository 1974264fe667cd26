using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// Average pooling on a GPU, a pack of channels of one window a thread, and its gradient, one of a pixel: in the CPU's order.
/// </summary>
internal sealed class AveragePoolGpu<TPack> : Launch
    where TPack : unmanaged, IPack<TPack>
{
    private readonly Action<KernelConfig, ArrayView<TPack>, ArrayView<TPack>, PoolWalk> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<TPack> input, output;
    private readonly PoolWalk walk;

    public AveragePoolGpu(GpuDevice device, PoolWalk walk, bool gradient, Region input, Region output)
    {
        this.walk = walk;
        this.input = Packs.View<TPack>(input);
        this.output = Packs.View<TPack>(output);
        grid = device.Grid(walk.Count);
        Action<ArrayView<TPack>, ArrayView<TPack>, PoolWalk> body = gradient ? Gradient : Pool;
        kernel = device.Load(body.Method, accelerator => accelerator.LoadStreamKernel(body));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, input, output, walk);

    internal static void Pool(ArrayView<TPack> x, ArrayView<TPack> y, PoolWalk walk)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < walk.Count; i += stride)
        {
            PoolPlace place = new(i, walk.PooledHeight, walk.PooledWidth, walk.Channels);
            PoolWindow window = walk.Window(place.Row, place.Column);
            TPack sum = TPack.Constant(0f);
            for (int row = window.Top; row < window.Bottom; row++)
            {
                int at = (((((place.Image * walk.Height) + row) * walk.Width) + window.Left) * walk.Channels) + place.Channel;
                TPack line = x[at];
                for (int column = window.Left + 1; column < window.Right; column++)
                {
                    at += walk.Channels;
                    line = TPack.Add(line, x[at]);
                }

                sum = TPack.Add(sum, line);
            }

            y[i] = TPack.Multiply(sum, TPack.Constant(walk.Share));
        }
    }

    internal static void Gradient(ArrayView<TPack> dy, ArrayView<TPack> dx, PoolWalk walk)
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
                    sum = TPack.Add(sum, dy[at]);
                    at += walk.Channels;
                }
            }

            dx[i] = TPack.Multiply(sum, TPack.Constant(walk.Share));
        }
    }
}
