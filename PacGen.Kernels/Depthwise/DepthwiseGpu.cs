using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>The depthwise convolution on a GPU: a thread a pack of channels of one pixel, its taps in the CPU's order.</summary>
internal sealed class DepthwiseGpu<TPack> : Launch
    where TPack : unmanaged, IPack<TPack>
{
    private readonly Action<KernelConfig, ArrayView<TPack>, ArrayView<TPack>, ArrayView<TPack>, DepthwiseWalk, int> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<TPack> x, w, y;
    private readonly DepthwiseWalk walk;
    private readonly int count;

    public DepthwiseGpu(GpuDevice device, DepthwiseWalk walk, Region x, Region w, Region y)
    {
        _ = Packs.Count(device, nameof(DepthwiseConv2d), Math.Max(x.Count, y.Count));
        this.walk = walk;
        this.x = Packs.View<TPack>(x);
        this.w = Packs.View<TPack>(w);
        this.y = Packs.View<TPack>(y);
        count = walk.Images * walk.Rows * walk.Columns * walk.Channels;
        grid = device.Grid(count);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<TPack>, ArrayView<TPack>, ArrayView<TPack>, DepthwiseWalk, int>(
                Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, x, w, y, walk, count);

    internal static void Kernel(ArrayView<TPack> x, ArrayView<TPack> w, ArrayView<TPack> y, DepthwiseWalk walk, int count)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += stride)
        {
            PoolPlace place = new(i, walk.Rows, walk.Columns, walk.Channels);
            int top = (place.Row * walk.StrideHeight) - walk.Top, left = (place.Column * walk.StrideWidth) - walk.Left;
            TPack sum = TPack.Constant(0f);
            for (int p = 0; p < walk.KernelHeight; p++)
            {
                int row = top + (p * walk.DilationHeight);
                if (row < 0 || row >= walk.Height)
                {
                    continue;
                }

                for (int q = 0; q < walk.KernelWidth; q++)
                {
                    int column = left + (q * walk.DilationWidth);
                    if (column >= 0 && column < walk.Width)
                    {
                        int at = (((((place.Image * walk.Height) + row) * walk.Width) + column) * walk.Channels) + place.Channel;
                        sum = TPack.MultiplyAdd(x[at], w[(((p * walk.KernelWidth) + q) * walk.Channels) + place.Channel], sum);
                    }
                }
            }

            y[i] = sum;
        }
    }
}

/// <summary>Its gradient by the weights: a thread the sum over some rows for one tap and channel.</summary>
internal sealed class DepthwiseWeightGpu : Launch
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, DepthwiseWalk, int> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> x, dy, partial;
    private readonly DepthwiseWalk walk;
    private readonly int parts;

    public DepthwiseWeightGpu(GpuDevice device, DepthwiseWalk walk, int parts, Region x, Region dy, Region partial)
    {
        _ = Packs.Count(device, nameof(DepthwiseWeightGradient), Math.Max(Math.Max(x.Count, dy.Count), partial.Count));
        (this.walk, this.parts) = (walk, parts);
        this.x = GpuDevice.View(x);
        this.dy = GpuDevice.View(dy);
        this.partial = GpuDevice.View(partial);
        grid = device.Grid(partial.Count);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, DepthwiseWalk, int>(
                Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, x, dy, partial, walk, parts);

    internal static void Kernel(ArrayView<float> x, ArrayView<float> dy, ArrayView<float> partial, DepthwiseWalk walk, int parts)
    {
        int stride = Grid.DimX * Group.DimX, size = walk.KernelHeight * walk.KernelWidth * walk.Channels;
        long rows = (long)walk.Images * walk.Rows;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < parts * size; i += stride)
        {
            int part = i / size, rest = i - (part * size), tap = rest / walk.Channels, channel = rest - (tap * walk.Channels);
            int p = tap / walk.KernelWidth, q = tap - (p * walk.KernelWidth);
            float total = 0f;
            for (int line = (int)(part * rows / parts); line < (int)((part + 1) * rows / parts); line++)
            {
                int image = line / walk.Rows, row = ((line - (image * walk.Rows)) * walk.StrideHeight) - walk.Top
                    + (p * walk.DilationHeight);
                if (row < 0 || row >= walk.Height)
                {
                    continue;
                }

                float sum = 0f;
                for (int j = 0; j < walk.Columns; j++)
                {
                    int column = (j * walk.StrideWidth) - walk.Left + (q * walk.DilationWidth);
                    if (column >= 0 && column < walk.Width)
                    {
                        sum = GpuArithmetic.MultiplyAdd(
                            x[(((((image * walk.Height) + row) * walk.Width) + column) * walk.Channels) + channel],
                            dy[(((line * walk.Columns) + j) * walk.Channels) + channel], sum);
                    }
                }

                total = GpuArithmetic.Add(total, sum);
            }

            partial[i] = total;
        }
    }
}
