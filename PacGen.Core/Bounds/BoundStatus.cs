namespace PacGen.Core.Bounds;

/// <summary>What a number of the theory guarantees.</summary>
public enum BoundStatus
{
    /// <summary>A bound: with probability at least 1 − δ over the sample, whatever the distribution of the data is.</summary>
    Bound,

    /// <summary>A bound if the assumptions that the result names hold; nothing here can check them in full.</summary>
    ConditionalBound,

    /// <summary>No bound: a number to rank models by, or a published form that its proof does not support.</summary>
    Score,
}
