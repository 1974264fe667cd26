using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>
/// A certificate for which every image of S₁ is tested before it is learnt from, so that all of them count twice: of the
/// classifier that draws one of the stages' networks for each image, by their shares (<see cref="SequentialBound"/>,
/// <see cref="CertifiedMixture"/>).
/// </summary>
public sealed record ProgressiveCertificate
{
    /// <summary>The certificate of the 0-1 loss.</summary>
    public required BoundResult ZeroOne { get; init; }

    /// <summary>The certificate of the bounded cross-entropy.</summary>
    public required BoundResult CrossEntropy { get; init; }

    /// <summary>The stages, in their order.</summary>
    public required IReadOnlyList<ProgressiveStage> Stages { get; init; }

    /// <summary>
    /// What an exact binomial test of the first stage's network on all of S₁, none of which it has seen, guarantees with the same
    /// probability.
    /// </summary>
    public required BoundResult HeldOut { get; init; }

    /// <summary>
    /// The least of the stages' exact tests: stage t's network on part t and all later ones, each test with δ/T, together with
    /// the same probability. It certifies one network, by fewer images the later the stage.
    /// </summary>
    public required BoundResult BestStage { get; init; }

    /// <summary>A network trained as long on S₀ alone; null where none was asked for.</summary>
    public required ControlNetwork? Control { get; init; }

    /// <summary>r of the stages' priors, <see cref="CertifyOptions.StageMemory"/>.</summary>
    public required double StageMemory { get; init; }

    /// <summary>SHA-256 of the order of the training images, 32-bit numbers in little-endian order.</summary>
    public required string OrderHash { get; init; }

    /// <summary>The images that the first η was chosen by, which count for nothing else before they are learnt from.</summary>
    public required int GuideImages { get; init; }

    /// <summary>The 0-1 loss on them of a network that was trained without them.</summary>
    public required double GuideLoss { get; init; }

    /// <summary>Its bounded cross-entropy on them.</summary>
    public required double GuideCrossEntropy { get; init; }

    /// <summary>|S₀|: the images that the first stage was trained on, the guide's included.</summary>
    public required int PriorImages { get; init; }

    /// <summary>The images of the test set.</summary>
    public required int TestImages { get; init; }

    /// <summary>p_min.</summary>
    public required double SmallestProbability { get; init; }

    /// <summary>How samples become inputs; part of the networks, and fitted before S₁; null for as they are.</summary>
    public required Normalization? Normalization { get; init; }

    /// <summary>n = |S₁|.</summary>
    public int BoundImages => Stages.Sum(stage => stage.Images);

    /// <summary>1 − δ: the least probability with which each of the two certificates holds by itself.</summary>
    public double Confidence => 1 - ZeroOne.FailureProbability;

    /// <summary>Σ KL(ρ_t‖π_t) over the stages; 0 where each is left to its own network.</summary>
    public double Kl => Stages.Sum(stage => stage.Kl);

    /// <summary>The test loss of the certified classifier: the stages', by their shares.</summary>
    public double TestError => Stages.Sum(stage => stage.TestError * stage.Share);

    /// <summary>The same of the bounded cross-entropy.</summary>
    public double TestCrossEntropy => Stages.Sum(stage => stage.TestCrossEntropy * stage.Share);

    /// <summary>What each part of the certificate of the 0-1 loss costs, beside what an oracle would have.</summary>
    public IReadOnlyList<OracleComparison> Comparison => OracleComparison.OfSequence(
        ZeroOne.Term("L̂"), Kl, BoundImages, PriorImages + (long)BoundImages, ZeroOne.FailureProbability,
        BoundImages * ZeroOne.Term("C = η/n"));

    /// <summary>What turns the bounded cross-entropy into nats.</summary>
    public double Nats => -Math.Log(SmallestProbability);

    /// <summary>All numbers but the weights.</summary>
    public JsonObject ToJson() => new()
    {
        ["method"] = "progressive",
        ["confidence"] = Confidence,
        ["jointConfidence"] = 1 - ZeroOne.FailureProbability - CrossEntropy.FailureProbability,
        ["zeroOne"] = Json(ZeroOne, "mixture of stages", TestError),
        ["crossEntropy"] = Json(CrossEntropy, "mixture of stages", TestCrossEntropy),
        ["crossEntropyNats"] = CrossEntropy.Value * Nats,
        ["priorImages"] = PriorImages,
        ["guideImages"] = GuideImages,
        ["guideLoss"] = GuideLoss,
        ["guideCrossEntropy"] = GuideCrossEntropy,
        ["boundImages"] = BoundImages,
        ["testImages"] = TestImages,
        ["pMin"] = SmallestProbability,
        ["parameters"] = Stages[0].Weights.Count,
        ["stageMemory"] = StageMemory,
        ["kl"] = Kl,
        ["orderHash"] = OrderHash,
        ["heldOut"] = Json(HeldOut, "fixed weights of stage 1", Stages[0].TestError),
        ["bestStage"] = Json(
            BestStage, $"fixed weights of stage {BestStage.Term("stage")}",
            Stages[(int)BestStage.Term("stage") - 1].TestError),
        ["control"] = Control is null ? null : new JsonObject
        {
            ["epochs"] = Control.Epochs,
            ["test"] = Json(Control.Test, "fixed weights of the control", Control.TestError),
        },
        ["stages"] = new JsonArray([.. Stages.Select((stage, t) => (JsonNode)new JsonObject
        {
            ["trainedOn"] = stage.TrainedOn,
            ["images"] = stage.Images,
            ["errors"] = stage.Errors,
            ["crossEntropy"] = stage.CrossEntropy,
            ["hash"] = stage.Hash,
            ["startsFrom"] = t == 0 ? null : Stages[t - 1].Hash,
            ["errorsByPart"] = new JsonArray([.. stage.ErrorsByPart.Select(count => (JsonNode)count)]),
            ["crossEntropyByPart"] = new JsonArray([.. stage.CrossEntropyByPart.Select(loss => (JsonNode)loss)]),
            ["prior"] = Weights(stage.Prior),
            ["posterior"] = Weights(stage.Posterior),
            ["kl"] = stage.Kl,
            ["share"] = stage.Share,
            ["testError"] = stage.TestError,
        })]),
        ["comparison"] = Certificate.Json(Comparison),
        ["assumptions"] = new JsonArray([.. ZeroOne.Assumptions.Select(one => (JsonNode)$"{one.Name}: {one.Statement}")]),
    };

    /// <summary>The certificate, what it is compared with and what it assumes, over several lines.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"0-1 loss: at most {ZeroOne.Value:F4} with probability {Confidence:G4}; test loss {TestError:F4}; testing the " +
            $"first stage's network alone guarantees {HeldOut.Value:F4}");
        if (Control is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{Control}");
        }

        foreach (ProgressiveStage stage in Stages)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {stage}");
        }

        foreach (Assumption assumption in ZeroOne.Assumptions)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"assumes {assumption.Name}: {assumption.Statement}");
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>A distribution over the networks of the first stages, each by its hash.</summary>
    private JsonArray Weights(IReadOnlyList<double> weights) => new([.. weights.Select((weight, s) => (JsonNode)new JsonObject
    {
        ["hash"] = Stages[s].Hash,
        ["weight"] = weight,
    })]);

    private static JsonObject Json(BoundResult bound, string certifies, double testLoss) => new()
    {
        ["certifies"] = certifies,
        ["certificate"] = bound.Value,
        ["delta"] = bound.FailureProbability,
        ["assumes"] = new JsonArray([.. bound.Assumptions.Select(one => (JsonNode)one.Name)]),
        ["terms"] = new JsonObject(bound.Terms.Select(term => new KeyValuePair<string, JsonNode?>(term.Name, term.Value))),
        ["testLoss"] = testLoss,
    };
}
