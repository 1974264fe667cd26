namespace PacGen.Kernels;

/// <summary>What a <see cref="ColumnPass"/> makes of the rows that it reads.</summary>
public enum ColumnPassKind
{
    /// <summary>Σ e₀ over the rows.</summary>
    Sum,

    /// <summary>Σ e₀ and Σ e₁.</summary>
    Sums,

    /// <summary>Σ e₀ and Σ (e₀ − m)², m being the mean of e₀, so that nothing cancels.</summary>
    Moments,

    /// <summary>e₀, a tensor of the source's shape, and Σ e₀.</summary>
    StoredSum,

    /// <summary>
    /// e₀ in pairs of bfloat16, as <see cref="PairMap"/> stores it, and Σ e₀ of the numbers in single precision.
    /// </summary>
    PairedSum,

    /// <summary>e₀, e₀ in pairs of bfloat16, and Σ e₀.</summary>
    StoredPairedSum,

    /// <summary>
    /// <see cref="Moments"/> of a product's result x whose kernel has gathered its <see cref="ProductMoments"/>, which are the
    /// last of the sums' inputs: e₀ is x, or x and a number a column.
    /// </summary>
    GatheredMoments,
}
