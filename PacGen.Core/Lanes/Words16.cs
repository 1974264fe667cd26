using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PacGen.Core.Lanes;

/// <summary>16 words in a 512-bit vector: the unsigned twin of <see cref="Float16"/>.</summary>
/// <param name="value">The vector.</param>
public readonly struct Words16(Vector512<uint> value) : IWords<Words16>
{
    /// <summary>The vector.</summary>
    public readonly Vector512<uint> Value = value;

    /// <inheritdoc/>
    public static int Count => 16;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words16 Constant(uint value) => new(Vector512.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words16 Sequence(uint start) => new(Vector512.Create(start) + Vector512<uint>.Indices);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words16 operator +(Words16 a, Words16 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words16 operator ^(Words16 a, Words16 b) => new(a.Value ^ b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words16 MultiplyLow(Words16 a, Words16 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words16 ShiftRight(Words16 a, int count) => new(Vector512.ShiftRightLogical(a.Value, count));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words16 MultiplyHigh(Words16 a, Words16 b)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<uint> even = Avx512F.Multiply(a.Value, b.Value).AsUInt32();
            Vector512<uint> odd = Avx512F.Multiply(
                Avx512F.ShiftRightLogical(a.Value.AsUInt64(), 32).AsUInt32(),
                Avx512F.ShiftRightLogical(b.Value.AsUInt64(), 32).AsUInt32()).AsUInt32();
            return new(Vector512.ConditionalSelect(
                Vector512.Create(0xFFFF_FFFF_0000_0000ul).AsUInt32(), odd,
                Avx512F.ShiftRightLogical(even.AsUInt64(), 32).AsUInt32()));
        }

        return new(Vector512.Create(
            Words8.MultiplyHigh(new(a.Value.GetLower()), new(b.Value.GetLower())).Value,
            Words8.MultiplyHigh(new(a.Value.GetUpper()), new(b.Value.GetUpper())).Value));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(ref Words16 a, ref Words16 b, ref Words16 c, ref Words16 d)
    {
        Words8 a0 = new(a.Value.GetLower()), b0 = new(b.Value.GetLower()), c0 = new(c.Value.GetLower()), d0 = new(
            d.Value.GetLower());
        Words8 a1 = new(a.Value.GetUpper()), b1 = new(b.Value.GetUpper()), c1 = new(c.Value.GetUpper()), d1 = new(
            d.Value.GetUpper());
        Words8.Interleave(ref a0, ref b0, ref c0, ref d0);
        Words8.Interleave(ref a1, ref b1, ref c1, ref d1);
        a = new(Vector512.Create(a0.Value, b0.Value));
        b = new(Vector512.Create(c0.Value, d0.Value));
        c = new(Vector512.Create(a1.Value, b1.Value));
        d = new(Vector512.Create(c1.Value, d1.Value));
    }
}
