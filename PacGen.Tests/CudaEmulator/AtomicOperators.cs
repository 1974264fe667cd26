using System.Numerics;

namespace PacGen.Tests.CudaEmulator;

// What an atomic operation leaves: of the old value and its one or two arguments.

internal readonly struct AtomicSum<T> : IScalar3<T, T, T, T>
    where T : INumberBase<T>
{
    public static T Of(T a, T b, T c) => a + b;
}

internal readonly struct AtomicExchange<T> : IScalar3<T, T, T, T>
{
    public static T Of(T a, T b, T c) => b;
}

internal readonly struct AtomicCompare<T> : IScalar3<T, T, T, T>
    where T : IEquatable<T>
{
    public static T Of(T a, T b, T c) => a.Equals(b) ? c : a;
}

internal readonly struct AtomicLeast<T> : IScalar3<T, T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b, T c) => T.Min(a, b);
}

internal readonly struct AtomicGreatest<T> : IScalar3<T, T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b, T c) => T.Max(a, b);
}

internal readonly struct AtomicAnd<T> : IScalar3<T, T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b, T c) => a & b;
}

internal readonly struct AtomicOr<T> : IScalar3<T, T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b, T c) => a | b;
}

internal readonly struct AtomicXor<T> : IScalar3<T, T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b, T c) => a ^ b;
}

internal readonly struct AtomicIncrement : IScalar3<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint c) => a >= b ? 0 : a + 1;
}

internal readonly struct AtomicDecrement : IScalar3<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint c) => a == 0 || a > b ? b : a - 1;
}
