using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Transposes a small matrix in registers: 8×8 with AVX, 4×4 with 128-bit vectors; the edges by tiles that overlap.
/// </summary>
internal static unsafe class Tile
{
    /// <summary>destination[j, i] = source[i, j]; strides in floats; the two must not overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose<T>(
        float* source, long sourceStride, float* destination, long destinationStride, int rows, int columns)
        where T : struct, IMemoryLane<T>
    {
        int side = T.Count >= 8 && Avx.IsSupported ? 8 : T.Count >= 4 ? 4 : 1;
        if (side == 8 && (rows < 8 || columns < 8))
        {
            side = 4;
        }

        if (side == 1 || rows < side || columns < side)
        {
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < columns; j++)
                {
                    destination[(j * destinationStride) + i] = source[(i * sourceStride) + j];
                }
            }

            return;
        }

        // Down the rows within a strip of 16 columns, a cache line: each line is read once, each destination row written in one
        // go.
        const int Strip = 16;
        for (int strip = 0; strip < columns; strip += Strip)
        {
            int end = Math.Min(strip + Strip, columns);
            for (int i = 0; i < rows; i += side)
            {
                i = Math.Min(i, rows - side);
                for (int j = strip; j < end; j += side)
                {
                    j = Math.Min(j, columns - side);
                    float* from = source + (i * sourceStride) + j;
                    float* to = destination + (j * destinationStride) + i;
                    if (side == 8)
                    {
                        Square8(from, sourceStride, to, destinationStride);
                    }
                    else
                    {
                        Square4(from, sourceStride, to, destinationStride);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square4(float* from, long fromStride, float* to, long toStride)
    {
        Words4 a = new(Vector128.Load(from).AsUInt32());
        Words4 b = new(Vector128.Load(from + fromStride).AsUInt32());
        Words4 c = new(Vector128.Load(from + (2 * fromStride)).AsUInt32());
        Words4 d = new(Vector128.Load(from + (3 * fromStride)).AsUInt32());
        Words4.Interleave(ref a, ref b, ref c, ref d);
        a.Value.AsSingle().Store(to);
        b.Value.AsSingle().Store(to + toStride);
        c.Value.AsSingle().Store(to + (2 * toStride));
        d.Value.AsSingle().Store(to + (3 * toStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square8(float* from, long fromStride, float* to, long toStride)
    {
        // Rows i and i + 4 share a register, half each, so that unpacking and shuffling within the halves is all that is left.
        Vector256<float> a = Halves(from, fromStride * 4), b = Halves(from + fromStride, fromStride * 4);
        Vector256<float> c = Halves(from + (2 * fromStride), fromStride * 4), d = Halves(from + (3 * fromStride), fromStride * 4);
        Vector256<float> e = Halves(from + 4, fromStride * 4), f = Halves(from + 4 + fromStride, fromStride * 4);
        Vector256<float> g = Halves(from + 4 + (2 * fromStride), fromStride * 4), h = Halves(
            from + 4 + (3 * fromStride), fromStride * 4);
        Columns(a, b, c, d, to, toStride);
        Columns(e, f, g, h, to + (4 * toStride), toStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(float* low, long distance) =>
        Avx.InsertVector128(Vector128.Load(low).ToVector256Unsafe(), Vector128.Load(low + distance), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, float* to, long stride)
    {
        Vector256<float> ab = Avx.UnpackLow(a, b), cd = Avx.UnpackLow(c, d);
        Avx.Shuffle(ab, cd, 0b01_00_01_00).Store(to);
        Avx.Shuffle(ab, cd, 0b11_10_11_10).Store(to + stride);
        ab = Avx.UnpackHigh(a, b);
        cd = Avx.UnpackHigh(c, d);
        Avx.Shuffle(ab, cd, 0b01_00_01_00).Store(to + (2 * stride));
        Avx.Shuffle(ab, cd, 0b11_10_11_10).Store(to + (3 * stride));
    }
}
