using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>Two floats that a GPU thread loads or stores at once, in 8 bytes.</summary>
internal struct Pair(float x, float y)
{
    public float X = x, Y = y;

    /// <summary>
    /// Loads the two floats from <paramref name="start"/> on, a multiple of 2 in memory that is aligned to 16 bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair Load(ArrayView<float> memory, int start) => memory.Cast<Pair>().AsAligned(8)[start >> 1];

    /// <summary>
    /// Stores two floats from <paramref name="start"/> on, a multiple of 2 in memory that is aligned to 16 bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<float> memory, int start, Pair value) =>
        memory.Cast<Pair>().AsAligned(8)[start >> 1] = value;
}
