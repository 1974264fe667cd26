namespace PacGen.Nn;

/// <summary>
/// What a rule learns beside w: a posterior N(w, 1/(λp)) of the weights. Each step's gradient is taken at a sample of it.
/// </summary>
/// <param name="Precision">The rule's state that is p, positive.</param>
/// <param name="Sample">The rule's state through which it sees the step's sample; it is not kept from step to step.</param>
/// <param name="Scale">λ, positive: how many examples the mean loss stands for.</param>
public sealed record GaussianPosterior(string Precision, string Sample, double Scale)
{
    /// <inheritdoc/>
    public override string ToString() => $"N(w, 1/(λ·{Precision})), λ {Scale}";
}
