using System.Globalization;

namespace PacGen.Nn;

/// <summary>The sentences that several measures share: why they can't be taken, or mean nothing.</summary>
internal static class Obstacles
{
    /// <summary>An obstacle that is asked about too late is an error.</summary>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    public static void Require(string? obstacle)
    {
        if (obstacle is not null)
        {
            throw new InvalidOperationException(obstacle);
        }
    }

    /// <summary>The first weights have to be known.</summary>
    public static string? InitialWeights(EmpiricalLoss subject) => subject.Training?.InitialWeights is not null ? null
        : "The weights from which training began are not known: name their file (--initial), in a script " +
            "TrainingFacts.InitialWeights.";

    /// <summary>The network has to give a row of logits, one for each class.</summary>
    public static string? Classifier(EmpiricalLoss subject)
    {
        if (subject.Images.Target.Kind != TargetKind.Class)
        {
            return $"It needs a class for each sample, but the targets are {subject.Images.Target}.";
        }

        Kernels.Shape output = NetworkLayers.Of(subject).Output.Shape;
        return output.Rank == 2 && output[1] >= Math.Max(2, subject.Images.Classes) ? null
            : $"It needs a row of logits, one for each of {subject.Images.Classes} classes, but the network's output for an " +
                $"image is {output}.";
    }

    /// <summary>The margin has to exist, and to be positive where something is divided by its square.</summary>
    public static string? Margin(EmpiricalLoss subject, bool positive)
    {
        if (Classifier(subject) is { } none)
        {
            return none;
        }

        double margin = positive ? MarginDistribution.Of(subject, default).Tenth : 1;
        return margin > 0 ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"The margin that 90 % of the images exceed is {margin:G3}: only where at least 90 % of them are classified right " +
                $"does a division by its square mean anything.");
    }
}
