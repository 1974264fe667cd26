namespace PacGen.Core.Bounds;

/// <summary>Which form of a formula is meant where the paper errs.</summary>
public enum BoundForm
{
    /// <summary>The form that a proof supports; the default everywhere.</summary>
    Rigorous,

    /// <summary>
    /// The form that the paper prints, for comparison; where no proof supports it its result is a
    /// <see cref="BoundStatus.Score"/>.
    /// </summary>
    Published,
}
