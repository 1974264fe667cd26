namespace PacGen.Kernels;

/// <summary>Which numbers a graph's matrix products and convolutions multiply.</summary>
public enum Precision
{
    /// <summary>Those of single precision, as they are. The default.</summary>
    Single,

    /// <summary>
    /// Those of bfloat16, 8 significant bits: both operands are rounded before they are multiplied. A product of two is exact in
    /// single precision, in which they are summed; all that is no product stays in single precision, in memory too. An operand
    /// errs by up to 2⁻⁸ of itself, and a sum of products by up to about 2⁻⁷ · Σ|aᵢ·bᵢ|.
    /// </summary>
    BFloat16,
}
