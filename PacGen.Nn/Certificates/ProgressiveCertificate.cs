using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>
/// A certificate for which every image of S₁ is tested before it is learnt from, so that all of them count twice: of the
/// classifier that draws one of the stages' networks for each image, each as often as it has images
/// (<see cref="SequentialBound"/>).
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

    /// <summary>The test loss of the certified classifier: the stages', by their shares.</summary>
    public double TestError => Stages.Sum(stage => stage.TestError * stage.Images) / BoundImages;

    /// <summary>The same of the bounded cross-entropy.</summary>
    public double TestCrossEntropy => Stages.Sum(stage => stage.TestCrossEntropy * stage.Images) / BoundImages;

    /// <summary>What turns the bounded cross-entropy into nats.</summary>
    public double Nats => -Math.Log(SmallestProbability);

    /// <summary>All numbers but the weights.</summary>
    public JsonObject ToJson() => new()
    {
        ["method"] = "progressive",
        ["confidence"] = Confidence,
        ["jointConfidence"] = 1 - ZeroOne.FailureProbability - CrossEntropy.FailureProbability,
        ["zeroOne"] = Json(ZeroOne, TestError),
        ["crossEntropy"] = Json(CrossEntropy, TestCrossEntropy),
        ["crossEntropyNats"] = CrossEntropy.Value * Nats,
        ["priorImages"] = PriorImages,
        ["guideImages"] = GuideImages,
        ["guideLoss"] = GuideLoss,
        ["guideCrossEntropy"] = GuideCrossEntropy,
        ["boundImages"] = BoundImages,
        ["testImages"] = TestImages,
        ["pMin"] = SmallestProbability,
        ["parameters"] = Stages[0].Weights.Count,
        ["heldOut"] = Json(HeldOut, Stages[0].TestError),
        ["stages"] = new JsonArray([.. Stages.Select(stage => (JsonNode)new JsonObject
        {
            ["trainedOn"] = stage.TrainedOn,
            ["images"] = stage.Images,
            ["errors"] = stage.Errors,
            ["crossEntropy"] = stage.CrossEntropy,
            ["testError"] = stage.TestError,
        })]),
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

    private static JsonObject Json(BoundResult bound, double testLoss) => new()
    {
        ["certificate"] = bound.Value,
        ["delta"] = bound.FailureProbability,
        ["assumes"] = new JsonArray([.. bound.Assumptions.Select(one => (JsonNode)one.Name)]),
        ["terms"] = new JsonObject(bound.Terms.Select(term => new KeyValuePair<string, JsonNode?>(term.Name, term.Value))),
        ["testLoss"] = testLoss,
    };
}
