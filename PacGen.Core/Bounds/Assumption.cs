namespace PacGen.Core.Bounds;

/// <summary>What a bound takes for granted and the code cannot check.</summary>
/// <param name="Name">A short name.</param>
/// <param name="Statement">What must hold, in one sentence.</param>
public sealed record Assumption(string Name, string Statement)
{
    /// <summary>Definition 4: L̂ is ρ-Hessian Lipschitz in Neigh_{γ,ε}(w) with the ρ given.</summary>
    public static Assumption HessianLipschitz { get; } = new(
        "ρ", "The empirical loss is ρ-Hessian Lipschitz in Neigh_{γ,ε}(w) with the ρ given (Definition 4).");

    /// <summary>L̂ is convex in Neigh_{γ,ε}(w), as Lemmas 6 and 8 and Theorem 7 need it.</summary>
    public static Assumption LocalConvexity { get; } = new(
        "local convexity", "The empirical loss is convex in Neigh_{γ,ε}(w).");

    /// <summary>w is a stationary point of L̂, as Lemma 9 needs it.</summary>
    public static Assumption StationaryPoint { get; } = new(
        "stationary point", "The gradient of the empirical loss vanishes at w (Lemma 9).");

    /// <summary>u has mean 0 in every coordinate, so that the gradient's term vanishes at any w.</summary>
    public static Assumption MeanZero { get; } = new(
        "mean 0", "The perturbation has mean 0 in every coordinate (Lemma 9 at a w that need not be stationary).");

    /// <summary>λ_max and its residual together are not below the Hessian's largest eigenvalue.</summary>
    public static Assumption LargestEigenvalue { get; } = new(
        "largest eigenvalue",
        "λ_max plus the residual given is not below the Hessian's largest eigenvalue: a residual says that some eigenvalue " +
            "lies so near to a Rayleigh quotient, not that it is the largest.");

    /// <summary>τ, and with it the prior, was chosen before the sample was seen.</summary>
    public static Assumption TauBeforeData { get; } = new(
        "τ before data",
        "τ was chosen before the sample was seen; a τ read off the trained weights makes the prior depend on the data.");

    /// <summary>η was chosen before the sample was seen.</summary>
    public static Assumption EtaBeforeData { get; } = new(
        "η before data", "η was chosen before the sample was seen; to choose it afterwards, use the grid.");

    /// <summary>The curvature and λ values given are those of L̂ itself, not estimates.</summary>
    public static Assumption ExactCurvature { get; } = new(
        "exact curvature",
        "The curvature given is that of the empirical loss itself, not an estimate such as squared gradients.");

    /// <summary>u is centred and uncorrelated and stays in the neighbourhood, as Lemma 5 needs it.</summary>
    public static Assumption CentredPerturbation { get; } = new(
        "centred perturbation", "The perturbation has mean 0, uncorrelated coordinates, and never leaves Neigh_{γ,ε}(w); the " +
            "moments and the KL divergence given are its own.");

    /// <summary>u stays in the neighbourhood, as Lemma 9 needs it; it may be dependent and have any mean.</summary>
    public static Assumption BoundedPerturbation { get; } = new(
        "bounded perturbation",
        "The perturbation never leaves Neigh_{γ,ε}(w); the moments and the KL divergence given are its own.");

    /// <summary>The prior was chosen before the sample was seen.</summary>
    public static Assumption PriorBeforeData { get; } = new(
        "prior before data", "The prior that KL is taken against was chosen before the sample was seen.");

    /// <summary>The predictor was fixed before the sample was seen.</summary>
    public static Assumption FixedPredictor { get; } = new(
        "fixed predictor", "The predictor was fixed before the sample was seen, and is the only one that is tested on it.");

    /// <summary>h is the first and only draw.</summary>
    public static Assumption OneDraw { get; } = new(
        "one draw", "The predictor is the first draw from the posterior, not one of several that was picked.");

    /// <summary>Each stage's prior was fixed before the stage's examples were looked at; the order and the stages, before
    /// all.</summary>
    public static Assumption PredictablePriors { get; } = new(
        "test before training",
        "Each stage's prior (its posterior too, where KL is 0) was fixed before the stage's examples were looked at; the order " +
            "of the examples and the stages' sizes, before all of them.");

    /// <summary>The sample's elements are independent draws of one distribution.</summary>
    public static Assumption IndependentSample { get; } = new(
        "independent sample",
        "The sample's n elements are independent draws of the one distribution that the expected loss is taken over.");

    /// <summary>The loss lies in [0, 1]; only that its mean over the sample does can be checked.</summary>
    public static Assumption BoundedLoss { get; } = new(
        "bounded loss", "The loss lies in [0, 1] for every example and all weights that the prior can draw.");

    /// <summary>L̂ is twice differentiable in Neigh_{γ,ε}(w), as (5) needs it.</summary>
    public static Assumption SmoothLoss { get; } = new(
        "smooth loss", "The empirical loss is twice differentiable in the weights throughout Neigh_{γ,ε}(w): no 0-1 loss, no " +
            "clipped loss, no kink of a ReLU there.");

    /// <summary>
    /// The grid of η and its weights were chosen before the sample was seen; a grid that follows from n and δ alone needs no such
    /// assumption.
    /// </summary>
    public static Assumption GridBeforeData { get; } = new(
        "grid before data", "The grid of η and its weights were chosen before the sample was seen.");

    /// <summary>The Monte-Carlo draws are independent of each other, given the sample.</summary>
    public static Assumption IndependentDraws { get; } = new(
        "independent draws",
        "The posterior's draws are independent of each other and their number was chosen before seeing their losses.");

    /// <summary>
    /// What Theorem 1 and every inequality of its kind asks for, besides a prior chosen before the sample was seen.
    /// </summary>
    internal static IReadOnlyList<Assumption> OfSample { get; } = [IndependentSample, BoundedLoss];
}
