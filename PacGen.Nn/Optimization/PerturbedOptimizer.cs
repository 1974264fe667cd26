using PacGen.Core.Perturbation;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

/// <summary>
/// Perturbed OPT (Algorithm 1) around any optimizer: the gradient is taken at w + u with u[i] ~ U(−σ[i], σ[i]), σ the optimal
/// perturbation level, and applied to w. Two fused passes a step over all parameters: perturb, update.
/// </summary>
public sealed class PerturbedOptimizer : Optimizer
{
    private readonly Optimizer inner;
    private readonly AlgorithmOne algorithm;

    /// <summary>Algorithm 1 around an optimizer, with uniform perturbations.</summary>
    /// <param name="inner">OPT.</param>
    /// <param name="algorithm">η, γ, β₁, β₂ and ε.</param>
    /// <exception cref="ArgumentException">The inner optimizer is itself perturbed.</exception>
    public PerturbedOptimizer(Optimizer inner, AlgorithmOne algorithm)
        : base((inner ?? throw new ArgumentNullException(nameof(inner))).LearningRate)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        if (inner is PerturbedOptimizer)
        {
            throw new ArgumentException("An optimizer can be perturbed once.", nameof(inner));
        }

        this.inner = inner;
        this.algorithm = algorithm;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"Perturbed {inner}, η {algorithm.Eta}, γ {algorithm.Gamma}, β₁ {algorithm.Beta1}, β₂ {algorithm.Beta2}, ε {algorithm.Epsilon}";

    private protected override OptimizerSession CreateSession(ParameterArena arena, Buffer gradients, SessionSettings settings) =>
        inner.Create(arena, gradients, settings with { Algorithm = algorithm });
}
