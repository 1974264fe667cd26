using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Input dy, of the pooled shape (N, ·, ·, C): dx (N, <paramref name="Height"/>, <paramref name="Width"/>, C), at each pixel the
/// sum of the dy of the windows that cover it, divided by the kernel's area.
/// </summary>
/// <remarks>The adjoint of <see cref="AveragePool"/>.</remarks>
/// <param name="Geometry">The windows.</param>
/// <param name="Height">The images' height before pooling.</param>
/// <param name="Width">The images' width before pooling.</param>
public sealed record AveragePoolGradient(PoolGeometry Geometry, int Height, int Width) : PoolOperation(Geometry)
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        Expect(inputs, "pooled images (N, H, W, C)", 4);
        Shape image = new(inputs[0][0], Height, Width, inputs[0][3]), pooled = Geometry.Pool(image, Name);
        return inputs[0] == pooled ? image : throw Mismatch(inputs, $"pooled images {pooled} for the gradient of images {image}");
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        Shape image = Infer(shapes);
        return Packs.InFours(image[3], inputs[0], output)
            ? new AveragePoolGpu<Quad>(device, Walk<Quad>(device, image, image), true, inputs[0], output)
            : new AveragePoolGpu<One>(device, Walk<One>(device, image, image), true, inputs[0], output);
    }

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel<T>(device, Geometry, Infer(shapes), CpuDevice.Address(inputs[0]), CpuDevice.Address(output));

    private sealed unsafe class Kernel<T> : PoolLaunch
        where T : struct, IMemoryLane<T>
    {
        private readonly float* dy;
        private readonly float* dx;
        private readonly (int First, int End)[] covering;

        public Kernel(CpuDevice device, PoolGeometry geometry, Shape image, float* dy, float* dx)
            : base(device, geometry, image, image[1])
        {
            this.dy = dy;
            this.dx = dx;
            covering = ColumnsOver();
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void RunUnit(int image, int unit, int worker)
        {
            (int top, int bottom) = RowsOver(unit);
            T share = T.Constant(1f / ((float)Geometry.KernelHeight * Geometry.KernelWidth));
            float* output = dx + (((long)image * Height) + unit) * Width * Channels;
            for (int column = 0; column < Width; column++, output += Channels)
            {
                (int left, int right) = covering[column];
                float* gradient = dy + (((((long)image * PooledHeight) + top) * PooledWidth) + left) * Channels;
                for (int c = 0; c < Channels; c += T.Count)
                {
                    c = Math.Min(c, Channels - T.Count);
                    T sum = T.Constant(0);
                    for (int i = 0; i < bottom - top; i++)
                    {
                        float* pixel = gradient + c + ((long)i * PooledWidth * Channels);
                        for (int j = 0; j < right - left; j++, pixel += Channels)
                        {
                            sum += T.Load(pixel);
                        }
                    }

                    T.Store(output + c, sum * share);
                }
            }
        }
    }
}
