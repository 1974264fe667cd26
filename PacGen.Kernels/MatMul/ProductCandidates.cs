using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PacGen.Kernels;

/// <summary>Kernels of one product that all give the same bits.</summary>
/// <param name="Product">The product: what it reads and how, its extents, and what becomes of its sums.</param>
/// <param name="Operations">Its multiplications and additions.</param>
/// <param name="Sizes">The floats of A's memory, B's and the output's.</param>
/// <param name="Kernels">The kernels, that of <see cref="ProductTiles.Fixed"/> first, then those that should be fastest.</param>
internal sealed record ProductCandidates(
    string Product, double Operations, (long A, long B, long Output) Sizes, IReadOnlyList<ProductCandidate> Kernels)
{
    /// <summary>A product's name: the types that its kernel is closed over, its extents, and a hash of its sources'.</summary>
    public static string NameOf<TSums, TA, TB, TTarget>(TA a, TB b, ProductTarget layout)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        ReadOnlySpan<byte> first = MemoryMarshal.AsBytes(new ReadOnlySpan<TA>(in a));
        ReadOnlySpan<byte> second = MemoryMarshal.AsBytes(new ReadOnlySpan<TB>(in b));
        string types = string.Join(
            ' ', ((Type[])[typeof(TSums), typeof(TA), typeof(TB), typeof(TTarget)]).Select(GpuDevice.Described));
        return $"{types} {layout.Rows}x{layout.Columns}x{layout.Terms} in {layout.Splits}, " +
            Convert.ToHexStringLower(SHA256.HashData([.. first, .. second]).AsSpan(0, 8));
    }
}

/// <summary>A kernel of a product.</summary>
/// <param name="Name">The tile's extents, or <see cref="Fixed"/>.</param>
/// <param name="Bind">Binds it to A's memory, B's and the output's.</param>
internal sealed record ProductCandidate(string Name, Func<Region, Region, Region, Launch> Bind)
{
    /// <summary>The name of the kernels of <see cref="ProductTiles.Fixed"/> that have no staged tile.</summary>
    public const string Fixed = "fixed";
}
