namespace PacGen.Nn;

/// <summary>
/// What a rule learns beside w: a posterior N(w, 1/(λ(h + δ))) of the weights. Each step's gradient is taken at a sample of it.
/// </summary>
/// <param name="Hessian">The rule's state that is h.</param>
/// <param name="Sample">The rule's state through which it sees the step's sample; it is not kept from step to step.</param>
/// <param name="Scale">λ, positive: how many examples the mean loss stands for.</param>
/// <param name="Damping">δ, not negative.</param>
public sealed record GaussianPosterior(string Hessian, string Sample, double Scale, double Damping)
{
    /// <inheritdoc/>
    public override string ToString() => $"N(w, 1/(λ({Hessian} + δ))), λ {Scale}, δ {Damping}";
}
