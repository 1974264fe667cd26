using System.Globalization;
using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>
/// The certificate of one loss in [0, 1], and the same loss on the test set, which the certificate does not look at.
/// </summary>
/// <param name="Name">The loss.</param>
/// <param name="Bound">
/// The certificate, for the network with random weights w + u. Its terms: q̂, the mean of the draws; q̄, their upper limit, and
/// in it m·2⁻³², the mass beyond the largest u that is drawn; KL;
/// log K; log ξ(n)/δ; (KL + log K + log ξ(n)/δ)/n; N; n.
/// </param>
/// <param name="TestLoss">The test loss of the network with random weights, one draw an image: what the certificate bounds in
/// expectation.</param>
/// <param name="CentreTestLoss">The test loss of the network with the weights w; not certified.</param>
/// <param name="PriorTestLoss">The test loss of the network with the prior's weights w₀; not certified.</param>
public sealed record CertifiedLoss(string Name, BoundResult Bound, double TestLoss, double CentreTestLoss, double PriorTestLoss)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Name}: at most {Value:F4}; test loss {TestLoss:F4} (random weights), " +
        $"{CentreTestLoss:F4} (weights w), {PriorTestLoss:F4} (prior's w₀)");

    /// <summary>The certificate.</summary>
    public double Value => Bound.Value;

    /// <summary>q̂: the mean loss of the draws on S₁.</summary>
    public double Sample => Bound.Term("q̂");

    /// <summary>q̄: the upper limit of the posterior's mean loss on S₁, of which q̂ is a sample.</summary>
    public double SampleLimit => Bound.Term("q̄");
}
