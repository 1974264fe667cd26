namespace PacGen.Core.Randomness;

/// <summary>
/// What a caller of <see cref="Philox.Fill{TWords, TPrefetch}"/> wants from memory next. The rounds touch none, so what is asked
/// for while they run costs nothing, and is there when they are done.
/// </summary>
public interface IPrefetch
{
    /// <summary>The elements that a call of <see cref="Line"/> stands for: a cache line of floats.</summary>
    const int LineElements = 16;

    /// <summary>
    /// Asks for the memory of <see cref="LineElements"/> elements from <paramref name="element"/> on; may lie past the last.
    /// </summary>
    void Line(long element);
}
