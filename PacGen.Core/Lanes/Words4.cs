using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PacGen.Core.Lanes;

/// <summary>4 words in a 128-bit vector: the unsigned twin of <see cref="Float4"/>.</summary>
/// <param name="value">The vector.</param>
public readonly struct Words4(Vector128<uint> value) : IWords<Words4>
{
    /// <summary>The vector.</summary>
    public readonly Vector128<uint> Value = value;

    /// <inheritdoc/>
    public static int Count => 4;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words4 Constant(uint value) => new(Vector128.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words4 Sequence(uint start) => new(Vector128.Create(start) + Vector128<uint>.Indices);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words4 operator +(Words4 a, Words4 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words4 operator ^(Words4 a, Words4 b) => new(a.Value ^ b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words4 MultiplyLow(Words4 a, Words4 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words4 ShiftRight(Words4 a, int count) => new(Vector128.ShiftRightLogical(a.Value, count));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words4 MultiplyHigh(Words4 a, Words4 b)
    {
        if (Sse2.IsSupported)
        {
            Vector128<uint> even = Sse2.Multiply(a.Value, b.Value).AsUInt32();
            Vector128<uint> odd = Sse2.Multiply(
                Vector128.ShiftRightLogical(a.Value.AsUInt64(), 32).AsUInt32(),
                Vector128.ShiftRightLogical(b.Value.AsUInt64(), 32).AsUInt32()).AsUInt32();
            Vector128<uint> high = Vector128.ShiftRightLogical(even.AsUInt64(), 32).AsUInt32();
            return new(Vector128.ConditionalSelect(Vector128.Create(0u, ~0u, 0u, ~0u), odd, high));
        }

        (Vector128<ulong> aLow, Vector128<ulong> aHigh) = Vector128.Widen(a.Value);
        (Vector128<ulong> bLow, Vector128<ulong> bHigh) = Vector128.Widen(b.Value);
        return new(Vector128.Narrow(
            Vector128.ShiftRightLogical(aLow * bLow, 32), Vector128.ShiftRightLogical(aHigh * bHigh, 32)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(ref Words4 a, ref Words4 b, ref Words4 c, ref Words4 d)
    {
        Vector128<uint> abLow = UnpackLow(a.Value, b.Value), abHigh = UnpackHigh(a.Value, b.Value);
        Vector128<uint> cdLow = UnpackLow(c.Value, d.Value), cdHigh = UnpackHigh(c.Value, d.Value);
        a = new(UnpackLow(abLow.AsUInt64(), cdLow.AsUInt64()).AsUInt32());
        b = new(UnpackHigh(abLow.AsUInt64(), cdLow.AsUInt64()).AsUInt32());
        c = new(UnpackLow(abHigh.AsUInt64(), cdHigh.AsUInt64()).AsUInt32());
        d = new(UnpackHigh(abHigh.AsUInt64(), cdHigh.AsUInt64()).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> UnpackLow(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b) : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> UnpackHigh(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : Vector128.Create(a[2], b[2], a[3], b[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> UnpackLow(Vector128<ulong> a, Vector128<ulong> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b) : Vector128.Create(a[0], b[0]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> UnpackHigh(Vector128<ulong> a, Vector128<ulong> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : Vector128.Create(a[1], b[1]);
}
