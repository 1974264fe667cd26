using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// One warp a fold, several folds at once by several warps, and one wait a block: on devices whose warps have 32 lanes. A lane
/// takes every 32nd quad, and the lanes exchange what they have; the order is that of <see cref="BlockSum"/>.
/// </summary>
internal readonly struct WarpFold : IBlockFold
{
    private const int Lanes = 32;

    public static void Begin() => Group.Barrier();

    public static void Sum(ArrayView<Quad> accumulators, int turn, ArrayView<float> result, int index)
    {
        if (IsMine(turn))
        {
            int lane = Group.IdxX % Lanes;
            Quad sum = Quad.Add(
                Quad.Add(Pair(accumulators, lane), Pair(accumulators, lane + (2 * Lanes))),
                Quad.Add(Pair(accumulators, lane + Lanes), Pair(accumulators, lane + (3 * Lanes))));
            sum = Quad.Add(sum, Down(sum, 16));
            sum = Quad.Add(sum, Down(sum, 8));
            sum = Quad.Add(sum, Down(sum, 4));
            sum = Quad.Add(sum, Down(sum, 2));
            sum = Quad.Add(sum, Down(sum, 1));
            if (lane == 0)
            {
                result[index] = BlockSumGpu.Within(sum);
            }
        }
    }

    public static void Largest(ArrayView<float> numbers, int turn, ArrayView<float> result, int index)
    {
        if (IsMine(turn))
        {
            int lane = Group.IdxX % Lanes;
            GpuFloat largest = new(numbers[lane]);
            for (int i = lane + Lanes; i < Group.DimX; i += Lanes)
            {
                largest = GpuFloat.Max(largest, new GpuFloat(numbers[i]));
            }

            largest = GpuFloat.Max(largest, new GpuFloat(Warp.ShuffleDown(largest.Value, 16)));
            largest = GpuFloat.Max(largest, new GpuFloat(Warp.ShuffleDown(largest.Value, 8)));
            largest = GpuFloat.Max(largest, new GpuFloat(Warp.ShuffleDown(largest.Value, 4)));
            largest = GpuFloat.Max(largest, new GpuFloat(Warp.ShuffleDown(largest.Value, 2)));
            largest = GpuFloat.Max(largest, new GpuFloat(Warp.ShuffleDown(largest.Value, 1)));
            if (lane == 0)
            {
                result[index] = largest.Value;
            }
        }
    }

    /// <summary>Whether it is this thread's warp that does the fold: they take turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsMine(int turn) => Group.IdxX / Lanes == turn % (Group.DimX / Lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Pair(ArrayView<Quad> accumulators, int quad) =>
        Quad.Add(accumulators[quad], accumulators[quad + (BlockSumGpu.Quads / 2)]);

    /// <summary>The quad of the lane that is so many further on; only that of lower lanes counts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Down(Quad quad, int lanes) => new(
        Warp.ShuffleDown(quad.X, lanes), Warp.ShuffleDown(quad.Y, lanes), Warp.ShuffleDown(quad.Z, lanes),
        Warp.ShuffleDown(quad.W, lanes));
}
