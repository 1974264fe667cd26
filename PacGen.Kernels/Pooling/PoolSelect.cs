using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Inputs x and v, both (N, H, W, C): in each window and channel, the v at the position of the maximum of x. Max pooling is
/// PoolSelect(x, x), and that is fast when both inputs are the same memory.
/// </summary>
/// <remarks>
/// Linear in v; its adjoint there is <see cref="PoolScatter"/>. Of equal maxima the first in row-major order counts. A NaN counts
/// as a maximum, the last NaN of a window as its maximum, as in PyTorch. Padding is never selected.
/// </remarks>
/// <param name="Geometry">The windows.</param>
public sealed record PoolSelect(PoolGeometry Geometry) : PoolOperation(Geometry)
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        Expect(inputs, "images x and v of one shape (N, H, W, C)", 4, 4);
        return inputs[0] == inputs[1] ? Geometry.Pool(inputs[0], Name)
            : throw Mismatch(inputs, "images x and v of one shape (N, H, W, C)");
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Packs.InFours(shapes[0][3], inputs[0], inputs[1], output)
            ? new PoolSelectGpu<Quad>(device, Walk<Quad>(device, shapes[0], Infer(shapes)), inputs[0], inputs[1], output)
            : new PoolSelectGpu<One>(device, Walk<One>(device, shapes[0], Infer(shapes)), inputs[0], inputs[1], output);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel<T>(
            device, Geometry, shapes[0], CpuDevice.Address(inputs[0]), CpuDevice.Address(inputs[1]), CpuDevice.Address(output));

    /// <summary>Where <paramref name="x"/> takes the place of <paramref name="best"/> as the maximum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Takes<T>(T x, T best)
        where T : struct, ILane<T> => T.Select(T.Equal(x, x), T.Less(best, x), T.Equal(T.Constant(0), T.Constant(0)));

    /// <summary>
    /// One of two numbers, by whether a &lt; b. AVX-512's mask stays in its register, as the JIT doesn't let it behind a lane.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T IfLess<T>(T a, T b, T then, T otherwise)
        where T : struct, IMemoryLane<T> => T.Count == Vector512<float>.Count
            ? Lane<T>(Vector512.ConditionalSelect(
                Vector512.LessThan(Vector(a), Vector(b)), Vector(then), Vector(otherwise)))
            : T.Select(T.Less(a, b), then, otherwise);

    /// <summary>sum + x where a = b, else the sum, which is never −0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T AddIfEqual<T>(T a, T b, T sum, T x)
        where T : struct, IMemoryLane<T> => T.Count == Vector512<float>.Count
            ? Lane<T>(Vector512.ConditionalSelect(Vector512.Equals(Vector(a), Vector(b)), Vector(sum) + Vector(x), Vector(sum)))
            : sum + T.Select(T.Equal(a, b), x, T.Constant(0));

    /// <summary>
    /// Whether any of some numbers, added up, was a NaN; so it may look too where both infinities are among them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool MayBeNaN<T>(T sum)
        where T : struct, ILane<T> => T.Any(T.Select(T.Equal(sum, sum), T.Constant(0), T.Constant(-1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Vector<T>(T lane)
        where T : struct => Unsafe.BitCast<T, Vector512<float>>(lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Lane<T>(Vector512<float> vector)
        where T : struct => Unsafe.BitCast<Vector512<float>, T>(vector);

    private sealed unsafe class Kernel<T>(CpuDevice device, PoolGeometry geometry, Shape image, float* x, float* v, float* y)
        : PoolLaunch(device, geometry, image, geometry.Pool(image, nameof(PoolSelect))[1])
        where T : struct, IMemoryLane<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void RunUnit(int image, int unit, int worker)
        {
            (int top, int bottom) = Rows(unit);
            float* output = y + (((long)image * PooledHeight) + unit) * PooledWidth * Channels;
            long start = (((long)image * Height) + top) * RowStride;
            if (x == v && IsPlain2x2)
            {
                Max2x2(x + start, RowStride, Geometry.StrideWidth * Channels, output, PooledWidth, Channels);
                return;
            }

            for (int column = 0; column < PooledWidth; column++, output += Channels)
            {
                (int left, int right) = Columns(column);
                long first = start + ((long)left * Channels);
                if (x == v)
                {
                    Max(x + first, output, bottom - top, right - left);
                }
                else
                {
                    Window(x + first, v + first, output, bottom - top, right - left);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Max2x2(float* window, long below, int step, float* output, int windows, int channels)
        {
            int last = channels - T.Count;
            for (; windows > 0; windows--, window += step, output += channels)
            {
                int c = 0;
                for (; c < last; c += T.Count)
                {
                    Max2x2(window + c, window + channels + c, window + below + c, window + below + channels + c, output + c);
                }

                Max2x2(window + last, window + channels + last, window + below + last, window + below + channels + last,
                    output + last);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Max2x2(float* a, float* b, float* c, float* d, float* output) =>
            T.Store(output, Larger(T.Load(d), Larger(T.Load(c), Larger(T.Load(b), T.Load(a)))));

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Max(float* window, float* output, int rows, int columns)
        {
            for (int c = 0; c < Channels; c += T.Count)
            {
                c = Math.Min(c, Channels - T.Count);
                if (rows == 3 && columns == 3 && Max3x3(window + c, output + c))
                {
                    continue;
                }

                T best = T.Load(window + c);
                for (int i = 0; i < rows; i++)
                {
                    float* pixel = window + c + (i * RowStride);
                    for (int j = 0; j < columns; j++, pixel += Channels)
                    {
                        best = Larger(T.Load(pixel), best);
                    }
                }

                T.Store(output + c, best);
            }
        }

        // Without NaN the maximum needs no selection.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private bool Max3x3(float* window, float* output)
        {
            long below = RowStride, right = Channels;
            T a = T.Load(window), b = T.Load(window + right), c = T.Load(window + (2 * right));
            window += below;
            T d = T.Load(window), e = T.Load(window + right), f = T.Load(window + (2 * right));
            window += below;
            T g = T.Load(window), h = T.Load(window + right), i = T.Load(window + (2 * right));
            T.Store(output, T.Max(i, T.Max(h, T.Max(g, T.Max(f, T.Max(e, T.Max(d, T.Max(c, T.Max(b, a)))))))));
            return !MayBeNaN(a + b + c + (d + e + f) + (g + h + i));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Window(float* keys, float* values, float* output, int rows, int columns)
        {
            for (int c = 0; c < Channels; c += T.Count)
            {
                c = Math.Min(c, Channels - T.Count);
                T best = T.Load(keys + c), chosen = T.Load(values + c);
                for (int i = 0; i < rows; i++)
                {
                    long at = c + (i * RowStride);
                    for (int j = 0; j < columns; j++, at += Channels)
                    {
                        T key = T.Load(keys + at);
                        T takes = Takes(key, best);
                        best = T.Select(takes, key, best);
                        chosen = T.Select(takes, T.Load(values + at), chosen);
                    }
                }

                T.Store(output + c, chosen);
            }
        }

        /// <summary>The maximum of which the later x wins only if larger or NaN: Max itself keeps the NaN of best.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T Larger(T x, T best) => T.Select(T.Equal(x, x), T.Max(x, best), x);
    }
}
