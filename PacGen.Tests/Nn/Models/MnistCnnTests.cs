using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class MnistCnnTests
{
    [TestCase(28, 28, 1, 10, 1, 21_840)]
    [TestCase(32, 32, 3, 10, 1, 31_340)]
    [TestCase(16, 20, 2, 7, 2, (2 * 25 * 20) + 20 + (20 * 25 * 40) + 40 + (40 * 1 * 2 * 100) + 100 + (100 * 7) + 7)]
    public void IsTheExamplesForImagesOfAnySize(int height, int width, int channels, int classes, int scale, int parameters)
    {
        MnistCnn model = new(height, width, channels, classes, scale);
        Assert.That(model.ParameterCount, Is.EqualTo(parameters));
        Tensor output = model.Forward(Tensor.Input(new Shape(3, height, width, channels), "x"));
        Assert.That(output.Shape, Is.EqualTo(new Shape(3, classes)));
    }

    [Test]
    public void RefusesImagesThatNothingWouldBeLeftOf() =>
        Assert.That(() => new MnistCnn(15, 28), Throws.InstanceOf<ArgumentOutOfRangeException>());

    /// <summary>The share that is drawn anew, a tenth of which keeps its class; fewer images have the same.</summary>
    [Test]
    public void RandomLabelsAreAShareOfThem()
    {
        SampleSet images = Datasets.Digits().Train;
        Assert.That(images.WithRandomLabels(0, 1).Labels.ToArray(), Is.EqualTo(images.Labels.ToArray()));
        int[] half = images.WithRandomLabels(0.5, 1).Labels.ToArray(), all = images.WithRandomLabels(1, 1).Labels.ToArray();
        double Changed(int[] labels) => labels.Zip(images.Labels.ToArray()).Count(pair => pair.First != pair.Second)
            / (double)images.Count;

        // 1,438 images: three standard deviations are 0.04 and 0.024.
        Assert.That(Changed(half), Is.EqualTo(0.45).Within(0.04));
        Assert.That(Changed(all), Is.EqualTo(0.9).Within(0.024));
        Assert.That(images.Take(100).WithRandomLabels(0.5, 1).Labels.ToArray(), Is.EqualTo(half[..100]));
        Assert.That(images.WithRandomLabels(0.5, 2).Labels.ToArray(), Is.Not.EqualTo(half));
        Assert.That(() => images.WithRandomLabels(1.5, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
