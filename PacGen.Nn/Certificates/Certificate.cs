using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>
/// What <see cref="Certifier"/> guarantees of a network whose weights w + u are drawn anew for each image (the Gibbs classifier),
/// the terms of it, and the test losses to compare it with.
/// </summary>
public sealed record Certificate
{
    /// <summary>What weights w + u that are drawn for each image are called in a file.</summary>
    private const string Gibbs = "Gibbs network";

    /// <summary>The certificate of the 0-1 loss, the error rate.</summary>
    public required CertifiedLoss ZeroOne { get; init; }

    /// <summary>The certificate of the bounded cross-entropy −log max(p, p_min) / log(1/p_min).</summary>
    public required CertifiedLoss CrossEntropy { get; init; }

    /// <summary>
    /// The certificate of the 0-1 loss by way of the prior's: w₀'s exact test, and the excess of the posterior over it
    /// (<see cref="SplitKl.Recursive"/>), each with half of δ.
    /// </summary>
    public required BoundResult Excess { get; init; }

    /// <summary>The draws that were wrong on an image on which w₀ is right.</summary>
    public required long WrongAlone { get; init; }

    /// <summary>The draws that were right on an image on which w₀ is wrong.</summary>
    public required long RightAlone { get; init; }

    /// <summary>The certificate of one draw of the weights, a network that can be shipped.</summary>
    public required DrawnNetwork OneDraw { get; init; }

    /// <summary>A network that a short message describes; null where none was asked for.</summary>
    public required CompressedNetwork? Compressed { get; init; }

    /// <summary>KL(Q‖π) of the posterior and its prior, in closed form.</summary>
    public required double Kl { get; init; }

    /// <summary>The part of <see cref="Kl"/> that the distance of w from w₀ makes: Σ(wᵢ − w₀ᵢ)²/(2sᵢ²).</summary>
    public required double KlOfShift { get; init; }

    /// <summary>The prior's level that was chosen, one of <see cref="CertifyOptions.PriorLevels"/>, or its deviation σ₀, one of
    /// <see cref="CertifyOptions.PriorDeviations"/>.</summary>
    public required double PriorLevel { get; init; }

    /// <summary>Whether the prior has one deviation σ₀ for all weights, and <see cref="PriorLevel"/> is that.</summary>
    public required bool PriorHasOneDeviation { get; init; }

    /// <summary>Where the posterior's σ came from.</summary>
    public required PosteriorSigma PosteriorSigma { get; init; }

    /// <summary>K: how many levels the choice was from.</summary>
    public required int PriorLevels { get; init; }

    /// <summary>|S₀|, the images that the prior was learnt from.</summary>
    public required int PriorImages { get; init; }

    /// <summary>n = |S₁|, the images that the bound is taken over.</summary>
    public required int BoundImages { get; init; }

    /// <summary>The images of the test set.</summary>
    public required int TestImages { get; init; }

    /// <summary>N, the draws of weights.</summary>
    public required long Draws { get; init; }

    /// <summary>δ.</summary>
    public required double Delta { get; init; }

    /// <summary>δ′.</summary>
    public required double DeltaPrime { get; init; }

    /// <summary>η of σ* and of the posterior's training.</summary>
    public required double Eta { get; init; }

    /// <summary>p_min.</summary>
    public required double SmallestProbability { get; init; }

    /// <summary>
    /// What an exact binomial test of the prior's weights w₀ on S₁, which they have not seen, guarantees of them with the same
    /// probability, without PAC-Bayes. A certificate above it gained nothing from S₁.
    /// </summary>
    public required BoundResult HeldOut { get; init; }

    /// <summary>The 0-1 loss of w₀ on S₁.</summary>
    public double HeldOutLoss => HeldOut.Term("error rate");

    /// <summary>The value of <see cref="HeldOut"/>.</summary>
    public double HeldOutBound => HeldOut.Value;

    /// <summary>w₀, the prior's means, in the arena's order.</summary>
    public required IReadOnlyList<float> PriorMean { get; init; }

    /// <summary>s, the prior's standard deviations.</summary>
    public required IReadOnlyList<float> PriorDeviation { get; init; }

    /// <summary>w, the posterior's centres; a model's arena of the same layout loads them.</summary>
    public required IReadOnlyList<float> Mean { get; init; }

    /// <summary>σ, the posterior's levels before truncation.</summary>
    public required IReadOnlyList<float> Sigma { get; init; }

    /// <summary>κ, the half widths that the posterior is truncated to.</summary>
    public required IReadOnlyList<float> Kappa { get; init; }

    /// <summary>
    /// Running statistics, such as batch norm's, in the arena's order: S₀'s, and frozen from then on; empty without.
    /// </summary>
    public required IReadOnlyList<float> State { get; init; }

    /// <summary>1 − δ − δ′: the least probability with which each of the two certificates holds by itself.</summary>
    public double Confidence => 1 - Delta - DeltaPrime;

    /// <summary>1 − 2(δ + δ′): the least probability with which both hold.</summary>
    public double JointConfidence => 1 - (2 * (Delta + DeltaPrime));

    /// <summary>What each part of the certificate of the 0-1 loss costs, beside what an oracle would have.</summary>
    public IReadOnlyList<OracleComparison> Comparison => OracleComparison.OfPosterior(
        ZeroOne.Sample, ZeroOne.SampleLimit, Kl, PriorLevels, BoundImages, PriorImages + (long)BoundImages, Delta, DeltaPrime);

    /// <summary>What the certificates take for granted.</summary>
    public IReadOnlyList<Assumption> Assumptions => ZeroOne.Bound.Assumptions;

    /// <summary>log(1/p_min): what turns the bounded cross-entropy, and its certificate, into nats.</summary>
    public double Nats => -Math.Log(SmallestProbability);

    /// <summary>All numbers but the weights.</summary>
    public JsonObject ToJson() => new()
    {
        ["method"] = "posterior",
        ["confidence"] = Confidence,
        ["jointConfidence"] = JointConfidence,
        ["zeroOne"] = Json(ZeroOne),
        ["crossEntropy"] = Json(CrossEntropy),
        ["crossEntropyNats"] = CrossEntropy.Value * Nats,
        ["kl"] = Kl,
        ["klOfShift"] = KlOfShift,
        ["priorLevel"] = PriorLevel,
        ["priorHasOneDeviation"] = PriorHasOneDeviation,
        ["priorLevels"] = PriorLevels,
        ["posteriorSigma"] = PosteriorSigma.ToString(),
        ["priorImages"] = PriorImages,
        ["boundImages"] = BoundImages,
        ["testImages"] = TestImages,
        ["draws"] = Draws,
        ["wrongAlone"] = WrongAlone,
        ["rightAlone"] = RightAlone,
        ["delta"] = Delta,
        ["deltaPrime"] = DeltaPrime,
        ["eta"] = Eta,
        ["pMin"] = SmallestProbability,
        ["parameters"] = Mean.Count,
        ["heldOutLoss"] = HeldOutLoss,
        ["heldOutBound"] = HeldOutBound,
        ["heldOut"] = Json(HeldOut, "fixed weights"),
        ["excess"] = Json(Excess, Gibbs),
        ["oneDraw"] = With(Json(OneDraw.Bound, "one draw"), "testLoss", OneDraw.TestError),
        ["compressed"] = Compressed?.ToJson(),
        ["comparison"] = Json(Comparison),
        ["assumptions"] = new JsonArray([.. Assumptions.Select(one => (JsonNode)$"{one.Name}: {one.Statement}")]),
    };

    /// <summary>
    /// B, by which the squared gradients of batches of B are multiplied to be h, about the empirical Fisher diagonal; Ψ takes
    /// them without the factor (<see cref="PacGenScore.CertificateScale"/>). 1 where the optimizer's posterior gave h.
    /// </summary>
    public required int CurvatureScale { get; init; }

    /// <summary>Where h of the posterior's σ* comes from, and its scale beside Ψ's, in a sentence.</summary>
    public string Curvature => PosteriorSigma != PosteriorSigma.Optimal ? "σ was learnt by gradients beside w."
        : CurvatureScale == 1
        ? "h of the posterior's σ* is what its optimizer learnt, a Hessian's diagonal."
        : $"h of σ* is {CurvatureScale} times the mean of squared gradients of batches of {CurvatureScale}; Ψ takes them " +
            "without the factor.";

    /// <summary>What adds up to the certificate of the 0-1 loss, in a sentence.</summary>
    public string Limits => string.Create(
        CultureInfo.InvariantCulture,
        $"Of {ZeroOne.Value:F4}, {ZeroOne.Sample:F4} is the loss on S₁ itself, {ZeroOne.SampleLimit - ZeroOne.Sample:F4} " +
            $"the limit for {Draws:N0} draws, and {ZeroOne.Value - ZeroOne.SampleLimit:F4} (KL {Kl:F1} + log K " +
            $"{Math.Log(PriorLevels):F1} + log ξ(n)/δ {ZeroOne.Bound.Term("log ξ(n)/δ"):F1})/{BoundImages:N0}.");

    /// <summary>The certificates, what they are compared with and what they assume, over several lines.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (CertifiedLoss loss in (CertifiedLoss[])[ZeroOne, CrossEntropy])
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{loss.Name}: at most {loss.Value:F4} with probability {Confidence:G4}; test loss {loss.TestLoss:F4} (random " +
                $"weights), {loss.CentreTestLoss:F4} (weights w), {loss.PriorTestLoss:F4} (prior's w₀)");
        }

        text.AppendLine(Limits);
        text.Append(
            CultureInfo.InvariantCulture, $"Testing w₀ on S₁ alone guarantees {HeldOutBound:F4}. Both certificates hold with " +
            $"probability {JointConfidence:G4}.");
        foreach (Assumption assumption in Assumptions)
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"assumes {assumption.Name}: {assumption.Statement}");
        }

        return text.ToString();
    }

    private static JsonObject Json(CertifiedLoss loss)
    {
        JsonObject json = With(Json(loss.Bound, Gibbs), "testLoss", loss.TestLoss);
        return With(With(json, "centreTestLoss", loss.CentreTestLoss), "priorTestLoss", loss.PriorTestLoss);
    }

    /// <summary>A number, or null where there is none.</summary>
    private static JsonObject With(JsonObject json, string name, double value)
    {
        json[name] = double.IsNaN(value) ? null : value;
        return json;
    }

    /// <summary>The rows of a comparison.</summary>
    internal static JsonArray Json(IReadOnlyList<OracleComparison> comparison) => new([.. comparison.Select(row =>
        (JsonNode)new JsonObject { ["name"] = row.Name, ["value"] = row.Value, ["cost"] = row.Cost })]);

    /// <summary>A bound with its terms.</summary>
    /// <param name="bound">A bound.</param>
    /// <param name="certifies">Of what.</param>
    internal static JsonObject Json(BoundResult bound, string certifies) => new()
    {
        ["certifies"] = certifies,
        ["certificate"] = bound.Value,
        ["delta"] = bound.FailureProbability,
        ["assumes"] = new JsonArray([.. bound.Assumptions.Select(one => (JsonNode)one.Name)]),
        ["terms"] = new JsonObject(bound.Terms.Select(term => new KeyValuePair<string, JsonNode?>(term.Name, term.Value))),
    };
}
