using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>
/// A label that the model has no output for is found before anything is computed, in whichever of a data set's two sets it is.
/// </summary>
internal sealed class LabelTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    /// <summary>Found after a whole epoch otherwise: no step may be taken before.</summary>
    [Test]
    public void ATrainerRefusesALabelBeyondTheOutputs([Values] bool inTest)
    {
        Dataset data = inTest ? Digits with { Test = WithLabel(Digits.Test, 11) } : Digits
            with { Train = WithLabel(Digits.Train, 11) };
        Assert.That(
            () => new Trainer(new Mlp(64, 4, 10), data, new Sgd(0.1), new TrainingOptions { Device = Device.Cpu }),
            Throws.ArgumentException.With.Message.Contains(inTest
                ? "digits's test images have the label 11 (image 3), but Mlp has 10 outputs, for the labels 0 to 9: give its " +
                    "last layer 12, or correct the labels."
                : "Mlp has 10 outputs, but digits has 12 classes"));
    }

    /// <summary>A loss of one's own that looks labels up, through a view of them too.</summary>
    [Test]
    public void ALossOfOnesOwnIsLookedThrough()
    {
        Dataset data = Digits with { Train = WithLabel(Digits.Train, 10) };
        TrainingOptions options = new() { Device = Device.Cpu, Loss = (output, labels) =>
            Loss.NegativeLogLikelihood(output.LogSoftmax(), labels.Reshape(1, labels.Shape[0]).Reshape(labels.Shape[0])) };
        Assert.That(
            () => new Trainer(new Mlp(64, 4, 10), data, new Sgd(0.1), options), Throws.ArgumentException.With.Message.Contains(
            "digits's training images have the label 10 (image 3), but Mlp has 10 outputs"));
    }

    /// <summary>Where labels are numbers to come near to, any will do.</summary>
    [Test]
    public void ALossThatUsesLabelsAsNumbersTakesAny()
    {
        Dataset data = Digits with { Train = WithLabel(Digits.Train, 11), Test = WithLabel(Digits.Test, 11) };
        TrainingOptions options = new() { Device = Device.Cpu, Epochs = 1, Loss = (output, labels) =>
            Loss.MeanSquaredError(output.Reshape(labels.Shape[0]), labels) };
        using Trainer trainer = new(new Mlp(64, 4, 1), data, new Sgd(1e-3), options);
        Assert.That(trainer.Run(), Has.Count.EqualTo(1));
    }

    [Test]
    public void ScoreLossAndCertificateRefuseItToo()
    {
        Mlp model = new(64, 4, 10);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        SampleSet images = WithLabel(Digits.Train, 11);
        using EmpiricalLoss loss = new(model, arena, images);
        Assert.That(() => PacGenScorer.Measure(loss), Throws.ArgumentException.With.Message.Contains(
            "have the label 11 (image 3), but Mlp has 10 outputs"));
        Assert.That(() => loss.Value(), Throws.ArgumentException.With.Message.Contains(
            "have the label 11 (image 3), but Mlp has 10 outputs"));
        Assert.That(
            () => Certifier.Certify(new Mlp(64, 4, 10), Digits
                with { Test = WithLabel(Digits.Test, 11) }, new CertifyOptions { Device = Device.Cpu }),
            Throws.ArgumentException.With.Message.Contains(
                "digits's test images have the label 11 (image 3), but Mlp has 10 outputs"));
    }

    /// <summary>The images with another label for image 3.</summary>
    private static SampleSet WithLabel(SampleSet images, int label)
    {
        int[] labels = images.Labels.ToArray();
        labels[3] = label;
        return images.WithLabels(labels, label + 1);
    }
}
