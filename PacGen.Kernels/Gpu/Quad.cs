using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.Gpu;

/// <summary>Four floats that a GPU thread loads and stores at once, in 16 bytes.</summary>
internal struct Quad
{
    public float X, Y, Z, W;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad(float x, float y, float z, float w)
    {
        X = x;
        Y = y;
        Z = z;
        W = w;
    }

    /// <summary>a · b + c with one rounding each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad MultiplyAdd(float a, Quad b, Quad c) => new(
        GpuArithmetic.MultiplyAdd(a, b.X, c.X),
        GpuArithmetic.MultiplyAdd(a, b.Y, c.Y),
        GpuArithmetic.MultiplyAdd(a, b.Z, c.Z),
        GpuArithmetic.MultiplyAdd(a, b.W, c.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Add(Quad a, Quad b) => new(
        GpuArithmetic.Add(a.X, b.X), GpuArithmetic.Add(a.Y, b.Y), GpuArithmetic.Add(a.Z, b.Z), GpuArithmetic.Add(a.W, b.W));

    /// <summary>Loads the four floats from <paramref name="start"/> on, a multiple of 4 in memory that is aligned to 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Load(ArrayView<float> memory, int start) => memory.Cast<Quad>().AsAligned(16)[start >> 2];

    /// <summary>Stores four floats from <paramref name="start"/> on, a multiple of 4 in memory that is aligned to 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<float> memory, int start, Quad value) => memory.Cast<Quad>().AsAligned(16)[start >> 2] = value;

    /// <summary>Whether a region's memory starts on 16 bytes; every device gives whole buffers that do.</summary>
    public static bool Aligns(Region region) => region.Start % 4 == 0;
}
