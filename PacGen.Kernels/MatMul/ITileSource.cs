using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// One side of a product on a GPU, as a type argument of its kernel: numbers by an outer index, a row of A or a column of B, and
/// by the summed term. What lies outside is 0.
/// </summary>
internal interface ITileSource
{
    /// <summary>Whether neighbours in memory are neighbouring terms; else neighbouring outer indices.</summary>
    static abstract bool AlongTerms { get; }

    /// <summary>The place of an outer index.</summary>
    Digits Outer(int index);

    /// <summary>The place of a term.</summary>
    Digits Term(int index);

    /// <summary>The term a tile's terms further.</summary>
    Digits NextTile(Digits term);

    /// <summary>The four numbers that begin at a place, which is a multiple of 4 along memory.</summary>
    Quad Load(ArrayView<float> memory, Digits outer, Digits term);
}

/// <summary>Along which index a source's memory runs, as a type argument.</summary>
internal interface ITileOrder
{
    static abstract bool AlongTerms { get; }
}

/// <summary>Neighbours in memory are neighbouring terms.</summary>
internal readonly struct AlongTerms : ITileOrder
{
    static bool ITileOrder.AlongTerms => true;
}

/// <summary>Neighbours in memory are neighbouring outer indices.</summary>
internal readonly struct AlongOuter : ITileOrder
{
    static bool ITileOrder.AlongTerms => false;
}

/// <summary>How a source reads its memory, as a type argument.</summary>
internal interface ITileWidth
{
    static abstract bool Wide { get; }
}

/// <summary>16 bytes at a time: lines, and where they begin, are multiples of 4 floats.</summary>
internal readonly struct Wide : ITileWidth
{
    static bool ITileWidth.Wide => true;
}

/// <summary>A float at a time, whatever the lines' lengths are.</summary>
internal readonly struct Narrow : ITileWidth
{
    static bool ITileWidth.Wide => false;
}
