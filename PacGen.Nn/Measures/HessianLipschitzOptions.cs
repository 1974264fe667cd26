using PacGen.Core.Perturbation;

namespace PacGen.Nn;

/// <summary>How <see cref="HessianLipschitzSampler"/> samples.</summary>
public sealed record HessianLipschitzOptions
{
    private static readonly Requirement Require = Requirements.Of("Local Hessian-Lipschitz ratio");

    /// <summary>γ and ε of Neigh_{γ,ε}(w) (Definition 4).</summary>
    public Neighborhood Neighborhood { get; init; } = new(gamma: 0.1, epsilon: 0.1);

    /// <summary>How many pairs of points.</summary>
    public int Pairs { get; init; } = 8;

    /// <summary>
    /// Where the second point of a pair lies on the way from the first to an independent one: 1 for there, less for nearer pairs.
    /// With ReLU the Hessian jumps, and the ratio grows without bound as pairs come nearer.
    /// </summary>
    public double Distance { get; init; } = 1;

    /// <summary>The most Hessian-vector products at each point of a pair.</summary>
    public int Products { get; init; } = 20;

    /// <summary>The operator norm's residual, as a share of it, that ends a pair early.</summary>
    public double Tolerance { get; init; } = 1e-2;

    /// <summary>Decides the points.</summary>
    public ulong Seed { get; init; } = 1;

    internal void Validate()
    {
        Require(Neighborhood is not null, "the neighbourhood is null, but must be one of a γ and an ε");
        Require(Pairs >= 1, $"the number of pairs is {Pairs}, but must be at least 1");
        Require(Distance is > 0 and <= 1, $"the distance is {Distance}, but must be in (0, 1]");
        Require(Tolerance >= 0, $"the tolerance is {Tolerance}, but must not be negative");
        Require(Products >= 1, $"the number of products is {Products}, but must be at least 1");
    }
}
