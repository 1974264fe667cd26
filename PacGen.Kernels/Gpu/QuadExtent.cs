using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// How many floats the regions of an elementwise kernel have, whose threads take four at a time, and whether they may load and
/// store them as 16 bytes.
/// </summary>
internal struct QuadExtent
{
    public int Count;
    private int wide;

    /// <param name="count">The regions' floats.</param>
    /// <param name="regions">The regions; all are to start on 16 bytes for wide loads.</param>
    public QuadExtent(int count, params ReadOnlySpan<Region> regions)
    {
        Count = count;
        wide = Packs.InFours(0, regions) ? 1 : 0;
    }

    /// <summary>
    /// Whether <see cref="Quad.Load"/> and <see cref="Quad.Store"/> will do for so many floats from an index on, a multiple of 4.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsWhole(int start, int floats) => wide != 0 && start <= Count - floats;

    /// <summary>The four floats from an index on; 0 beyond the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load(ArrayView<float> memory, int start)
    {
        Quad quad = default;
        if (wide != 0 && start <= Count - 4)
        {
            quad = Quad.Load(memory, start);
        }
        else if (start < Count)
        {
            quad.X = memory[start];
            if (start + 1 < Count)
            {
                quad.Y = memory[start + 1];
            }

            if (start + 2 < Count)
            {
                quad.Z = memory[start + 2];
            }

            if (start + 3 < Count)
            {
                quad.W = memory[start + 3];
            }
        }

        return quad;
    }

    /// <summary>Stores four floats from an index on, without those beyond the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> memory, int start, Quad quad)
    {
        if (wide != 0 && start <= Count - 4)
        {
            Quad.Store(memory, start, quad);
        }
        else if (start < Count)
        {
            memory[start] = quad.X;
            if (start + 1 < Count)
            {
                memory[start + 1] = quad.Y;
            }

            if (start + 2 < Count)
            {
                memory[start + 2] = quad.Z;
            }

            if (start + 3 < Count)
            {
                memory[start + 3] = quad.W;
            }
        }
    }
}
