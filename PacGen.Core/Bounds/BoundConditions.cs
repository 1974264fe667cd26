namespace PacGen.Core.Bounds;

/// <summary>What bounds check of their sums over parameters: a pass knows that a condition failed, not where.</summary>
internal static class BoundConditions
{
    public static void ThrowUnlessFinite(double kl, double sharpness)
    {
        if (!double.IsFinite(kl + sharpness))
        {
            throw new InvalidOperationException(
                $"The sums over the parameters are not finite (KL = {kl}, ℳ = {sharpness}): a weight or a curvature is NaN or "
                + "infinite, or beyond the range of a float.");
        }
    }

    public static void ThrowUnlessConvex(double negated)
    {
        if (negated > 0)
        {
            throw new InvalidOperationException(
                $"The lemma needs local convexity, ∇ᵢ²L̂ ≥ 0 for every i, but the smallest curvature is {-negated:G6}. "
                + "Give the bound as a function of σ, (12) or (19), which needs no convexity, or say by a max with 0 that an " +
                    "upper "
                + "bound is meant.");
        }
    }
}
