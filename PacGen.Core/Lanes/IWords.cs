namespace PacGen.Core.Lanes;

/// <summary>The unsigned twin of a lane: 32-bit words with wrap-around arithmetic.</summary>
/// <typeparam name="T">The lane itself.</typeparam>
public interface IWords<T>
    where T : struct, IWords<T>
{
    /// <summary>How many words the lane holds.</summary>
    static abstract int Count { get; }

    /// <summary>The same word in every place.</summary>
    static abstract T Constant(uint value);

    /// <summary>start, start + 1, start + 2, … modulo 2³².</summary>
    static abstract T Sequence(uint start);

    /// <summary>a + b modulo 2³².</summary>
    static abstract T operator +(T a, T b);

    /// <summary>a xor b.</summary>
    static abstract T operator ^(T a, T b);

    /// <summary>The low 32 bits of a · b.</summary>
    static abstract T MultiplyLow(T a, T b);

    /// <summary>The high 32 bits of a · b.</summary>
    static abstract T MultiplyHigh(T a, T b);

    /// <summary>a shifted right by a constant count, zeros from the left.</summary>
    static abstract T ShiftRight(T a, int count);

    /// <summary>
    /// Turns four lanes of column order into element order: before, place i of the four is (a[i], b[i], c[i], d[i]);
    /// after, a‖b‖c‖d reads a[0], b[0], c[0], d[0], a[1], b[1], …
    /// </summary>
    static abstract void Interleave(ref T a, ref T b, ref T c, ref T d);
}
