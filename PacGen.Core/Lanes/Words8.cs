using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PacGen.Core.Lanes;

/// <summary>8 words in a 256-bit vector: the unsigned twin of <see cref="Float8"/>.</summary>
/// <param name="value">The vector.</param>
public readonly struct Words8(Vector256<uint> value) : IWords<Words8>
{
    /// <summary>The vector.</summary>
    public readonly Vector256<uint> Value = value;

    /// <inheritdoc/>
    public static int Count => 8;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words8 Constant(uint value) => new(Vector256.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words8 Sequence(uint start) => new(Vector256.Create(start) + Vector256<uint>.Indices);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words8 operator +(Words8 a, Words8 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words8 operator ^(Words8 a, Words8 b) => new(a.Value ^ b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words8 MultiplyLow(Words8 a, Words8 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words8 ShiftRight(Words8 a, int count) => new(Vector256.ShiftRightLogical(a.Value, count));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words8 MultiplyHigh(Words8 a, Words8 b)
    {
        if (Avx2.IsSupported)
        {
            Vector256<uint> even = Avx2.Multiply(a.Value, b.Value).AsUInt32();
            Vector256<uint> odd = Avx2.Multiply(
                Avx2.ShiftRightLogical(a.Value.AsUInt64(), 32).AsUInt32(),
                Avx2.ShiftRightLogical(b.Value.AsUInt64(), 32).AsUInt32()).AsUInt32();
            return new(Avx2.Blend(Avx2.ShiftRightLogical(even.AsUInt64(), 32).AsUInt32(), odd, 0b1010_1010));
        }

        return new(Vector256.Create(
            Words4.MultiplyHigh(new(a.Value.GetLower()), new(b.Value.GetLower())).Value,
            Words4.MultiplyHigh(new(a.Value.GetUpper()), new(b.Value.GetUpper())).Value));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(ref Words8 a, ref Words8 b, ref Words8 c, ref Words8 d)
    {
        Words4 a0 = new(a.Value.GetLower()), b0 = new(b.Value.GetLower()), c0 = new(c.Value.GetLower()), d0 = new(
            d.Value.GetLower());
        Words4 a1 = new(a.Value.GetUpper()), b1 = new(b.Value.GetUpper()), c1 = new(c.Value.GetUpper()), d1 = new(
            d.Value.GetUpper());
        Words4.Interleave(ref a0, ref b0, ref c0, ref d0);
        Words4.Interleave(ref a1, ref b1, ref c1, ref d1);
        a = new(Vector256.Create(a0.Value, b0.Value));
        b = new(Vector256.Create(c0.Value, d0.Value));
        c = new(Vector256.Create(a1.Value, b1.Value));
        d = new(Vector256.Create(c1.Value, d1.Value));
    }
}
