using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A lane's sums of a warp's 32 rows by 16 or 32 columns of long sums, as a type argument of the kernel: which numbers they are,
/// and how a stage's products are added to them.
/// </summary>
internal interface ILongSums
{
    /// <summary>The columns, 16 or 32.</summary>
    static abstract int Columns { get; }

    /// <summary>The terms of a stage.</summary>
    static abstract int Terms { get; }

    /// <summary>Where a 16-byte piece of a term's line stands.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="term">The term.</param>
    /// <param name="extent">The line's places of memory; a constant.</param>
    static abstract int Place(int piece, int term, int extent);

    /// <summary>Finds the lane's place.</summary>
    void Start(int lane);

    /// <summary>Adds the products of a stage in shared memory.</summary>
    /// <param name="shared">Shared memory.</param>
    /// <param name="a">Where A's lines begin.</param>
    /// <param name="b">Where B's lines begin.</param>
    void Add(ArrayView<float> shared, int a, int b);

    /// <summary>Puts the sums into shared memory, 128 floats from one quad of them to the next.</summary>
    void Put(ArrayView<float> shared, int at);

    /// <summary>Adds the sums that another warp's lane put there.</summary>
    void AddFrom(ArrayView<float> shared, int at);

    /// <summary>Stores the sums.</summary>
    void Store<TTarget>(ArrayView<float> memory, TTarget target, int split, int firstRow, int firstColumn)
        where TTarget : struct, IProductTarget;
}

/// <summary>The columns of long sums' tile, as a type argument.</summary>
internal interface ILongSumsWidth
{
    /// <summary>In sixteens: 1 or 2.</summary>
    static abstract int Sixteens { get; }
}

/// <summary>16 columns.</summary>
internal readonly struct LongSums16 : ILongSumsWidth
{
    public static int Sixteens => 1;
}

/// <summary>32 columns.</summary>
internal readonly struct LongSums32 : ILongSumsWidth
{
    public static int Sixteens => 2;
}

/// <summary>A lane's sums: four quads for each sixteen of columns.</summary>
internal struct LongSumsQuads<TWidth>
    where TWidth : struct, ILongSumsWidth
{
    public Quad C0, C1, C2, C3, C4, C5, C6, C7;

    /// <inheritdoc cref="ILongSums.Put"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Put(ArrayView<float> shared, int at)
    {
        Quad.Store(shared, at, C0);
        Quad.Store(shared, at + 128, C1);
        Quad.Store(shared, at + 256, C2);
        Quad.Store(shared, at + 384, C3);
        if (TWidth.Sixteens > 1)
        {
            Quad.Store(shared, at + 512, C4);
            Quad.Store(shared, at + 640, C5);
            Quad.Store(shared, at + 768, C6);
            Quad.Store(shared, at + 896, C7);
        }
    }

    /// <inheritdoc cref="ILongSums.AddFrom"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddFrom(ArrayView<float> shared, int at)
    {
        C0 = Quad.Add(C0, Quad.Load(shared, at));
        C1 = Quad.Add(C1, Quad.Load(shared, at + 128));
        C2 = Quad.Add(C2, Quad.Load(shared, at + 256));
        C3 = Quad.Add(C3, Quad.Load(shared, at + 384));
        if (TWidth.Sixteens > 1)
        {
            C4 = Quad.Add(C4, Quad.Load(shared, at + 512));
            C5 = Quad.Add(C5, Quad.Load(shared, at + 640));
            C6 = Quad.Add(C6, Quad.Load(shared, at + 768));
            C7 = Quad.Add(C7, Quad.Load(shared, at + 896));
        }
    }
}
