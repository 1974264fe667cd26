using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// A stage of a product on tensor cores in shared memory: 16 terms of each side as memory runs, in lines of 16-byte pieces that
/// change places, so that what a warp reads at a time stands in different banks.
/// </summary>
internal static class ProductStage
{
    /// <summary>The terms of a stage.</summary>
    public const int Terms = 16;

    /// <summary>Where a 16-byte piece of an outer index's line of 16 terms stands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SwizzleTerms(int piece, int outer) => piece ^ ((outer >> 1) & 3);

    /// <summary>Where a 16-byte piece of a term's line stands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SwizzleOuters(int piece, int term) => piece ^ ((term & 3) << 1);
}
