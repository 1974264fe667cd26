using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class WideResNetTests
{
    [TestCase(58, 3, 10, 7_661_722)]
    [TestCase(58, 3, 100, 7_679_092)]
    [TestCase(58, 3, 200, 7_698_392)]
    [TestCase(10, 1, 10, 78_186)]
    [TestCase(16, 1, 10, 175_626)]
    public void HasAsManyParametersAsTheReferenceCode(int depth, int widen, int classes, int parameters) =>
        Assert.That(new WideResNet(depth, widen, classes).ParameterCount, Is.EqualTo(parameters));

    /// <summary>Zagoruyko and Komodakis's table: WRN-40-1 0.6 M, WRN-16-4 2.7 M, WRN-28-10 36.5 M.</summary>
    [TestCase(40, 1, 0.6)]
    [TestCase(16, 4, 2.7)]
    [TestCase(28, 10, 36.5)]
    public void TheOriginalFormHasThePublishedNumberOfParameters(int depth, int widen, double millions) =>
        Assert.That(
            Math.Round(new WideResNet(depth, widen, 10, form: WideResNetForm.Original).ParameterCount / 1e6, 1),
            Is.EqualTo(millions));

    [Test]
    public void ParametersAndStateAreNamedAsInTheReferenceCode()
    {
        WideResNet model = new(10, 2, 10);
        Assert.That(model.Parameters.Take(8).Select(parameter => $"{parameter.Name} {parameter.Shape}"), Is.EqualTo(new[]
        {
            "conv1.weight (3, 3, 3, 16)", "conv1.bias (16)", "layer1.0.bn1.weight (16)", "layer1.0.bn1.bias (16)",
            "layer1.0.conv1.weight (3, 3, 16, 32)", "layer1.0.conv1.bias (32)", "layer1.0.bn2.weight (32)",
            "layer1.0.bn2.bias (32)",
        }));
        Assert.That(model.Parameters.Select(parameter => parameter.Name), Has.Member("layer2.0.shortcut.0.weight").And.Member(
            "linear.bias"));
        Assert.That(model.State.Select(state => $"{state.Name} {state.Shape}"), Is.EqualTo(new[]
        {
            "layer1.0.bn1.runningMean (16)", "layer1.0.bn1.runningVar (16)", "layer1.0.bn2.runningMean (32)",
                "layer1.0.bn2.runningVar (32)",
            "layer2.0.bn1.runningMean (32)", "layer2.0.bn1.runningVar (32)", "layer2.0.bn2.runningMean (64)",
            "layer2.0.bn2.runningVar (64)",
            "layer3.0.bn1.runningMean (64)", "layer3.0.bn1.runningVar (64)", "layer3.0.bn2.runningMean (128)",
            "layer3.0.bn2.runningVar (128)",
            "bn1.runningMean (128)", "bn1.runningVar (128)",
        }));
    }

    [TestCase(32, 3)]
    [TestCase(64, 3)]
    [TestCase(28, 1)]
    [TestCase(8, 1)]
    public void TakesImagesOfAnySize(int size, int channels)
    {
        foreach (WideResNetForm form in Enum.GetValues<WideResNetForm>())
        {
            WideResNet model = new(10, 1, 7, channels, form);
            using ParameterArena arena = new(model, Device.Cpu, 1);
            float[] image = [.. Enumerable.Range(0, 2 * size * size * channels).Select(i => (i * 37 % 101 / 50f) - 1)];
            Tensor output = model.Forward(Tensor.Constant(new Shape(2, size, size, channels), image));
            Assert.That(output.Shape, Is.EqualTo(new Shape(2, 7)));
            Assert.That(output.Evaluate(), Has.All.Matches<float>(float.IsFinite));
        }
    }

    [Test]
    public void ConvolutionsAreDrawnByXavierWithGainRootTwoAndTheirBiasesAreZero()
    {
        WideResNet model = new(10, 4, 10);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        foreach (Parameter parameter in arena.Parameters)
        {
            float[] values = parameter.Region!.Value.ToArray();
            if (parameter.Shape.Rank == 4)
            {
                double bound =
                    Math.Sqrt(2 * 6.0 / (parameter.Shape[0] * parameter.Shape[1] * (parameter.Shape[2] + parameter.Shape[3])));
                Assert.That(values.Max(Math.Abs), Is.InRange(0.97 * bound, bound), parameter.Name);
            }
            else if (!parameter.Name.StartsWith("linear", StringComparison.Ordinal))
            {
                Assert.That(
                    values, Has.All.EqualTo(parameter.Name.EndsWith("weight", StringComparison.Ordinal) ? 1f : 0f),
                    parameter.Name);
            }
        }
    }

    [TestCase(12)]
    [TestCase(4)]
    [TestCase(9)]
    public void AnotherDepthIsRefused(int depth) =>
        Assert.That(
            () => new WideResNet(depth, 1, 10), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("6n + 4"));

    [Test]
    public void LearnsDigits()
    {
        using Trainer trainer = new(
            new WideResNet(10, 1, 10, channels: 1), Datasets.Digits(), new Adam(3e-3),
            new TrainingOptions { Epochs = 3, BatchSize = 64 });
        Assert.That(trainer.Run()[^1].TestAccuracy, Is.GreaterThan(0.9));
    }
}
