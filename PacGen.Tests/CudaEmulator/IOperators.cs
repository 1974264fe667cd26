using System.Runtime.Intrinsics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>An operation of one argument, 16 or 8 lanes at a time.</summary>
internal interface IUnary<T>
{
    static abstract Vector512<T> Of(Vector512<T> a);
}

/// <summary>An operation of two arguments.</summary>
internal interface IBinary<T>
{
    static abstract Vector512<T> Of(Vector512<T> a, Vector512<T> b);
}

/// <summary>An operation of three arguments.</summary>
internal interface ITernary<T>
{
    static abstract Vector512<T> Of(Vector512<T> a, Vector512<T> b, Vector512<T> c);
}

/// <summary>A comparison: all bits of a lane, or none.</summary>
internal interface ICompare<T>
{
    static abstract Vector512<T> Of(Vector512<T> a, Vector512<T> b);
}

/// <summary>What a conversion or a rarer operation makes of a lane.</summary>
internal interface IScalar<TIn, TOut>
{
    static abstract TOut Of(TIn a);
}

/// <summary>A rarer operation of two arguments, lane by lane.</summary>
internal interface IScalar2<TA, TB, TOut>
{
    static abstract TOut Of(TA a, TB b);
}

/// <summary>A rarer operation of three arguments.</summary>
internal interface IScalar3<TA, TB, TC, TOut>
{
    static abstract TOut Of(TA a, TB b, TC c);
}
