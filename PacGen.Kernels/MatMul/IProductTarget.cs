using ILGPU;

namespace PacGen.Kernels;

/// <summary>Where a product's numbers go, and what is made of them on the way, as a type argument of its kernel.</summary>
internal interface IProductTarget
{
    /// <summary>The extents, and where rows go.</summary>
    ProductTarget Layout { get; }

    /// <summary>Stores eight numbers of a row, four from each of two columns on, without those beyond the matrix.</summary>
    void Store(ArrayView<float> memory, int split, int row, int column0, int column1, Quad numbers0, Quad numbers1);

    /// <summary>Stores eight numbers of a row, two from every eighth column on, without those beyond the matrix.</summary>
    void StorePairs(
        ArrayView<float> memory, int split, int row, int column, float x0, float y0, float x1, float y1, float x2, float y2,
        float x3, float y3);
}
