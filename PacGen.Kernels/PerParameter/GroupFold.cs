using ILGPU;

namespace PacGen.Kernels;

/// <summary>All threads of the group fold together and wait for each other at each halving: on any device.</summary>
internal readonly struct GroupFold : IBlockFold
{
    public static void Begin()
    {
    }

    public static void Sum(ArrayView<Quad> accumulators, int turn, ArrayView<float> result, int index)
    {
        BlockSumGpu.Fold(accumulators);
        if (Group.IdxX == 0)
        {
            result[index] = BlockSumGpu.Within(accumulators[0]);
        }
    }

    public static void Largest(ArrayView<float> numbers, int turn, ArrayView<float> result, int index)
    {
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            if (Group.IdxX < half)
            {
                GpuFloat other = new(numbers[Group.IdxX + half]);
                numbers[Group.IdxX] = GpuFloat.Max(new GpuFloat(numbers[Group.IdxX]), other).Value;
            }
        }

        if (Group.IdxX == 0)
        {
            result[index] = numbers[0];
        }
    }
}
