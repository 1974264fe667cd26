using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>One word: the unsigned twin of <see cref="Float1"/> and <see cref="Double1"/>, and a GPU thread's.</summary>
/// <param name="value">The word.</param>
public readonly struct Words1(uint value) : IWords<Words1>
{
    /// <summary>The word.</summary>
    public readonly uint Value = value;

    /// <inheritdoc/>
    public static int Count => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words1 Constant(uint value) => new(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words1 Sequence(uint start) => new(start);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words1 operator +(Words1 a, Words1 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words1 operator ^(Words1 a, Words1 b) => new(a.Value ^ b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words1 MultiplyLow(Words1 a, Words1 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words1 MultiplyHigh(Words1 a, Words1 b) => new((uint)(((ulong)a.Value * b.Value) >> 32));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words1 ShiftRight(Words1 a, int count) => new(a.Value >> count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(ref Words1 a, ref Words1 b, ref Words1 c, ref Words1 d)
    {
    }
}
