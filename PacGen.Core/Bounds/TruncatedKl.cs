namespace PacGen.Core.Bounds;

/// <summary>How the KL divergence of the truncated Gaussian is taken in (19) and Lemma 8.</summary>
public enum TruncatedKl
{
    /// <summary>In closed form, coordinate by coordinate, with the truncated second moments; the default.</summary>
    Exact,

    /// <summary>2(KL + 1) by (17), KL being that of the Gaussian before truncation; needs Z ≥ ½, hence the cap.</summary>
    Twice,

    /// <summary>
    /// (18) in its place, as (19) and (20) are printed. A score: (18) does not bound the divergence of the truncated Gaussian.
    /// </summary>
    Published,
}
