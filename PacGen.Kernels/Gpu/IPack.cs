namespace PacGen.Kernels;

/// <summary>
/// What a GPU's thread loads and stores at once: one float, or four at an address that is a multiple of 16 bytes. Arithmetic is
/// <see cref="GpuFloat"/>'s, element by element, so a kernel gives the same bits with either.
/// </summary>
/// <typeparam name="T">The pack itself.</typeparam>
internal interface IPack<T>
    where T : unmanaged, IPack<T>
{
    /// <summary>How many floats.</summary>
    static abstract int Count { get; }

    /// <summary>The same number everywhere.</summary>
    static abstract T Constant(float value);

    /// <summary>start, start + 1, …</summary>
    static abstract T Sequence(float start);

    /// <summary>a + b.</summary>
    static abstract T Add(T a, T b);

    /// <summary>a · b.</summary>
    static abstract T Multiply(T a, T b);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>A reduction's combination of a and b.</summary>
    static abstract T Combine<TReduction>(T a, T b)
        where TReduction : struct, IReduction;

    /// <summary>A reduction's combination of the pack's own floats.</summary>
    static abstract float Fold<TReduction>(T a)
        where TReduction : struct, IReduction;

    /// <summary>
    /// Where a key takes the place of the best one by <see cref="PoolSelect.Takes{T}"/>, it becomes the best and its value the
    /// chosen one.
    /// </summary>
    static abstract void Take(T key, T value, ref T best, ref T chosen);

    /// <summary>a = b ? value : 0.</summary>
    static abstract T WhereEqual(T a, T b, T value);
}
