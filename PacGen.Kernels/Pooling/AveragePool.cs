using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Input x (N, H, W, C): in each window and channel, the sum of x divided by the kernel's area. Padding counts as zeros, in the
/// divisor too (PyTorch's <c>count_include_pad=True</c>, its default).
/// </summary>
/// <remarks>Linear; its adjoint is <see cref="AveragePoolGradient"/>.</remarks>
/// <param name="Geometry">The windows.</param>
public sealed record AveragePool(PoolGeometry Geometry) : PoolOperation(Geometry)
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        Expect(inputs, "images (N, H, W, C)", 4);
        return Geometry.Pool(inputs[0], Name);
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Packs.InFours(shapes[0][3], inputs[0], output)
            ? new AveragePoolGpu<Quad>(device, Walk<Quad>(device, shapes[0], Infer(shapes)), false, inputs[0], output)
            : new AveragePoolGpu<One>(device, Walk<One>(device, shapes[0], Infer(shapes)), false, inputs[0], output);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel<T>(device, Geometry, shapes[0], CpuDevice.Address(inputs[0]), CpuDevice.Address(output));

    private sealed unsafe class Kernel<T>(CpuDevice device, PoolGeometry geometry, Shape image, float* x, float* y)
        : PoolLaunch(device, geometry, image, geometry.Pool(image, nameof(AveragePool))[1])
        where T : struct, IMemoryLane<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void RunUnit(int image, int unit, int worker)
        {
            (int top, int bottom) = Rows(unit);
            T share = T.Constant(1f / ((float)Geometry.KernelHeight * Geometry.KernelWidth));
            float* output = y + (((long)image * PooledHeight) + unit) * PooledWidth * Channels;
            for (int column = 0; column < PooledWidth; column++, output += Channels)
            {
                (int left, int right) = Columns(column);
                float* window = x + (((((long)image * Height) + top) * Width) + left) * Channels;
                for (int c = 0; c < Channels; c += T.Count)
                {
                    c = Math.Min(c, Channels - T.Count);

                    // Row by row, so that the error grows with the window's sides, not its area.
                    T sum = T.Constant(0);
                    for (int i = 0; i < bottom - top; i++)
                    {
                        float* pixel = window + c + (i * RowStride);
                        T row = T.Load(pixel);
                        for (int j = 1; j < right - left; j++)
                        {
                            pixel += Channels;
                            row += T.Load(pixel);
                        }

                        sum += row;
                    }

                    T.Store(output + c, sum * share);
                }
            }
        }
    }
}
