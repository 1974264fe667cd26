namespace PacGen.Core.Bounds;

/// <summary>Which form of Theorem 7 is meant.</summary>
public enum Theorem7Form
{
    /// <summary>
    /// The least right-hand side over Appendix B's grid, with ℳ as it is; the default, and the smallest of the forms that hold.
    /// </summary>
    Grid,

    /// <summary>
    /// Appendix B's closed form with the constant that its grid gives: ½√(m/n) + c·√(·/2n), c = x + 1/x, x = e·√(1 +
    /// (log 2)/log(2/δ)).
    /// </summary>
    Constants,

    /// <summary>
    /// Appendix B's closed form as printed, with 1 + 1/e. A score: that constant is below 2, which no η reaches.
    /// </summary>
    Published,

    /// <summary>The theorem as stated, the constant behind its O being taken as 1. A score.</summary>
    Order,
}
