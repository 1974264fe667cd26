namespace PacGen.Core.Bounds;

/// <summary>What a number of the theory guarantees.</summary>
public enum BoundStatus
{
    /// <summary>
    /// A bound: with probability at least 1 − δ over the sample, whatever the distribution of the data is. Nothing here returns
    /// it, as no code can see that a sample is independent or that a prior was chosen before it; whoever knows that all
    /// assumptions of a result hold may set it: <c>result with { Status = BoundStatus.Bound, Assumptions = [] }</c>.
    /// </summary>
    Bound,

    /// <summary>A bound if the assumptions that the result names hold; nothing here can check them in full.</summary>
    ConditionalBound,

    /// <summary>No bound: a number to rank models by, or a published form that its proof does not support.</summary>
    Score,
}
