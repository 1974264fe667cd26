using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>(N, C) → (N) for small C: lanes hold rows, and each row is combined in blocks of 16 columns.</summary>
internal sealed unsafe class ReduceShortRows<T, TReduction> : RowTileLaunch<T>
    where T : struct, IMemoryLane<T>
    where TReduction : struct, IReduction
{
    private const int Block = 16;
    private readonly float* y;

    public ReduceShortRows(CpuDevice device, Region input, Region output, long rows, int columns)
        : base(device, CpuDevice.Address(input), rows, columns) => y = CpuDevice.Address(output);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run(float* tile, long row, int rows)
    {
        T total = T.Constant(TReduction.Identity);
        for (int block = 0; block < Columns; block += Block)
        {
            T part = T.Load(tile + (block * T.Count));
            int end = Math.Min(block + Block, Columns);
            for (int j = block + 1; j < end; j++)
            {
                part = TReduction.Combine(part, T.Load(tile + (j * T.Count)));
            }

            total = TReduction.Combine(total, part);
        }

        StorePerRow(y, row, rows, total);
    }
}
