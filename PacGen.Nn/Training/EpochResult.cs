using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace PacGen.Nn;

/// <summary>
/// What a network does after an epoch; losses and accuracies are those of the unperturbed weights w, over the whole sets, in
/// evaluation mode.
/// </summary>
/// <param name="Epoch">Counts from 1; 0 is the network before training.</param>
/// <param name="TrainLoss">The mean loss over the training set.</param>
/// <param name="TrainAccuracy">The share of the training set that is classified correctly, in [0, 1]; NaN where
/// targets are no classes.</param>
/// <param name="TestLoss">The mean loss over the test set.</param>
/// <param name="TestAccuracy">The share of the test set that is classified correctly, in [0, 1]; NaN where targets
/// are no classes.</param>
/// <param name="Score">The pacGen score, or null where none was asked for.</param>
/// <param name="Seconds">The time that training the epoch took, evaluation and scoring not counted.</param>
public sealed record EpochResult(
    int Epoch, double TrainLoss, double TrainAccuracy, double TestLoss, double TestAccuracy, PacGenScore? Score, double Seconds)
{
    /// <summary>The generalization gap: test loss − training loss.</summary>
    public double Gap => TestLoss - TrainLoss;

    /// <summary>The mean loss of the training steps themselves, at the perturbed weights where the optimizer perturbs.</summary>
    public double StepLoss { get; init; }

    /// <summary>The metrics that were asked for, or are usual for the targets; null where there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MetricValue>? Metrics { get; init; }

    /// <summary>One of these numbers; Ψ is null where none was asked for.</summary>
    /// <param name="quantity">Which.</param>
    public double? Value(EpochQuantity quantity) => quantity switch
    {
        EpochQuantity.TestAccuracy => TestAccuracy,
        EpochQuantity.TestLoss => TestLoss,
        EpochQuantity.TrainLoss => TrainLoss,
        _ => Score?.Psi,
    };

    /// <summary>Whether this epoch is better than another by a quantity; equals are not.</summary>
    internal bool IsBetter(EpochResult other, EpochQuantity quantity) =>
        quantity == EpochQuantity.TestAccuracy ? Value(quantity) > other.Value(quantity) : Value(quantity) < other.Value(
            quantity);

    /// <summary>
    /// The object of a JSON-lines log: epoch, trainLoss, trainAccuracy, testLoss, testAccuracy, gap, psi (null without a score)
    /// with psiLow and psiHigh, its 95 % interval, psiKappaShare and psiBatchSize, seconds; metrics, where there are any, by name
    /// with train and test.
    /// </summary>
    public JsonObject ToJson()
    {
        JsonObject json = Numbers();
        if (Metrics is not null)
        {
            JsonObject metrics = [];
            foreach (MetricValue metric in Metrics)
            {
                metrics[metric.Name] = new JsonObject
                {
                    ["train"] = Number(metric.Train), ["test"] = Number(metric.Test),
                };
            }

            json["metrics"] = metrics;
        }

        return json;
    }

    private JsonObject Numbers() => new()
    {
        ["epoch"] = Epoch,
        ["trainLoss"] = TrainLoss,
        ["trainAccuracy"] = Number(TrainAccuracy),
        ["testLoss"] = TestLoss,
        ["testAccuracy"] = Number(TestAccuracy),
        ["gap"] = Gap,
        ["psi"] = Score?.Psi,
        ["psiLow"] = Score?.PsiInterval?.Low,
        ["psiHigh"] = Score?.PsiInterval?.High,
        ["psiKappaShare"] = Score?.KappaShare,
        ["psiBatchSize"] = Score?.BatchSize,
        ["seconds"] = Seconds,
    };

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"epoch {Epoch,3}: train loss {TrainLoss:F4}{Share(TrainAccuracy)}, test loss {TestLoss:F4}{Share(TestAccuracy)}, gap " +
            $"{Math.Round(Gap, 4) + 0.0:F4}{Measured()}" +
            $"{(Score is null ? "" : $", Ψ {Score.Psi:F0} (1/κ {Score.KappaShare:P0})")}, {Seconds:F2} s");

    private static string Share(double accuracy) =>
        double.IsNaN(accuracy) ? "" : string.Create(CultureInfo.InvariantCulture, $" ({accuracy:P2})");

    private string Measured() => string.Concat((Metrics ?? []).Select(metric => $", {metric}"));

    private static double? Number(double value) => double.IsNaN(value) ? null : value;
}
