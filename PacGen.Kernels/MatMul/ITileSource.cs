using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>
/// One side of a product on a GPU, as a type argument of its kernel: numbers by an outer index, a row of A or a column of B, and
/// by the summed term. What lies outside is 0.
/// </summary>
internal interface ITileSource
{
    /// <summary>Whether neighbours in memory are neighbouring terms; else neighbouring outer indices.</summary>
    static abstract bool AlongTerms { get; }

    /// <summary>Whether memory is read 16 bytes at a time.</summary>
    static abstract bool IsWide { get; }

    /// <summary>
    /// Whether memory holds pairs of neighbours in bfloat16, each in the place of a float (<see cref="InPairs"/>): what follows
    /// counts pairs along memory, and only <see cref="CopyStage"/> reads them.
    /// </summary>
    static abstract bool IsInPairs { get; }

    /// <summary>The place of an outer index.</summary>
    Digits Outer(int index);

    /// <summary>The place of a term.</summary>
    Digits Term(int index);

    /// <summary>The term a tile's terms further.</summary>
    Digits NextTile(Digits term);

    /// <summary>
    /// Which of the four numbers that begin at a place, a multiple of 4 along memory, there are: bits 0 to 3.
    /// </summary>
    int Mask(Digits outer, Digits term);

    /// <summary>
    /// Reads four numbers, without a branch, which would wait for them; those that a mask lacks are any.
    /// </summary>
    Quad Load(ArrayView<float> memory, Digits outer, Digits term, int mask);

    /// <summary>Begins to copy the four numbers to shared memory, with 0 for what there is not.</summary>
    void Copy(ArrayView<float> memory, Digits outer, Digits term, ref float shared);

    /// <summary>An outer index as <see cref="CopyStage"/> takes it; one behind the last may be read as the last.</summary>
    Digits StageOuter(int index);

    /// <summary>A term as <see cref="CopyStage"/> takes it.</summary>
    Digits StageTerm(int index);

    /// <summary>The term a stage's terms further.</summary>
    Digits NextStage(Digits term);

    /// <summary>
    /// Begins to copy the four numbers that begin at a place, a multiple of 4 along memory, to shared memory, a constant number
    /// of floats behind; with 0 for terms behind the last and for what lies outside.
    /// </summary>
    void CopyStage(ArrayView<float> memory, Digits outer, Digits term, ref float shared, int offset);

    /// <summary>What was read, with 0 for what a mask lacks.</summary>
    static abstract Quad Masked(Quad numbers, int mask);
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

    /// <summary>Whether a float's place holds two numbers in bfloat16.</summary>
    static abstract bool InPairs { get; }
}

/// <summary>16 bytes at a time: lines, and where they begin, are multiples of 4 floats.</summary>
internal readonly struct Wide : ITileWidth
{
    static bool ITileWidth.Wide => true;

    static bool ITileWidth.InPairs => false;
}

/// <summary>
/// 16 bytes at a time, each float's place holding two numbers in bfloat16, the first in the lower half: lines are multiples of 8
/// numbers.
/// </summary>
internal readonly struct InPairs : ITileWidth
{
    static bool ITileWidth.Wide => true;

    static bool ITileWidth.InPairs => true;
}

/// <summary>A float at a time, whatever the lines' lengths are.</summary>
internal readonly struct Narrow : ITileWidth
{
    static bool ITileWidth.Wide => false;

    static bool ITileWidth.InPairs => false;
}

/// <summary>What sources share, by their width.</summary>
internal static class TileMask
{
    /// <summary>All four numbers.</summary>
    public const int All = 15;

    /// <summary>What was read, with 0 for what a mask lacks; wide sources have all or none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Of<TWidth>(Quad numbers, int mask)
        where TWidth : struct, ITileWidth => TWidth.Wide
        ? new Quad(
            Utilities.Select(mask != 0, numbers.X, 0f), Utilities.Select(mask != 0, numbers.Y, 0f),
            Utilities.Select(mask != 0, numbers.Z, 0f), Utilities.Select(mask != 0, numbers.W, 0f))
        : new Quad(
            Utilities.Select((mask & 1) != 0, numbers.X, 0f), Utilities.Select((mask & 2) != 0, numbers.Y, 0f),
            Utilities.Select((mask & 4) != 0, numbers.Z, 0f), Utilities.Select((mask & 8) != 0, numbers.W, 0f));

    /// <summary>Begins to copy four numbers, or to write zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyQuad(ArrayView<float> memory, int start, int mask, ref float shared) => SharedTile.CopyQuad(
        ref shared, 0, ref memory[Utilities.Select(mask != 0, start, 0)], Utilities.Select(mask != 0, 16, 0));

    /// <summary>Begins to copy four numbers from places of their own, or to write zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyOnes(
        ArrayView<float> memory, int first, int second, int third, int fourth, int mask, ref float shared)
    {
        CopyOne(memory, first, mask & 1, ref shared, 0);
        CopyOne(memory, second, mask & 2, ref shared, 1);
        CopyOne(memory, third, mask & 4, ref shared, 2);
        CopyOne(memory, fourth, mask & 8, ref shared, 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyOne(ArrayView<float> memory, int at, int inside, ref float shared, int offset) => SharedTile.CopyOne(
        ref shared, offset, ref memory[Utilities.Select(inside != 0, at, 0)], Utilities.Select(inside != 0, 4, 0));

    /// <summary>Begins to copy four numbers of a stage, or to write zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyStageQuad(ArrayView<float> memory, int start, bool inside, ref float shared, int offset) =>
        SharedTile.CopyQuad(
            ref shared, offset, ref memory[Utilities.Select(inside, start, 0)], Utilities.Select(inside, 16, 0));

    /// <summary>Begins to copy a number of a stage, or to write 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyStageOne(ArrayView<float> memory, int start, bool inside, ref float shared, int offset) =>
        SharedTile.CopyOne(
            ref shared, offset, ref memory[Utilities.Select(inside, start, 0)], Utilities.Select(inside, 4, 0));
}
