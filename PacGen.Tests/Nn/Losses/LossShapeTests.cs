using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// A loss compares each prediction with its own target; shapes that don't say which is which are errors that name both.
/// </summary>
internal sealed class LossShapeTests
{
    [TestCase(new[] { 4, 1 }, new[] { 4 }, "Reshape")]
    [TestCase(new[] { 4 }, new[] { 4, 1 }, "Reshape")]
    [TestCase(new[] { 4, 10 }, new[] { 4 }, "CrossEntropy")]
    [TestCase(new[] { 4, 10 }, new[] { 10 }, "a target for each prediction")]
    [TestCase(new[] { 4, 3 }, new[] { 4, 1 }, "a target for each prediction")]
    [TestCase(new[] { 4 }, new int[0], "a target for each prediction")]
    public void MeanSquaredErrorStretchesNothing(int[] predictions, int[] targets, string advice)
    {
        Shape x = new(predictions), y = new(targets);
        Assert.That(
            () => Loss.MeanSquaredError(Tensor.Input(x, "x"), Tensor.Input(y, "y")),
            Throws.TypeOf<ShapeException>().With.Message.Contains($"{x}").And.Message.Contains($"{y}").And.Message.Contains(
                advice));
    }

    /// <summary>
    /// Two predictions 1 and 3 of targets 0 and 1: ((1 − 0)² + (3 − 1)²)/2 = 2.5; broadcast to 2 × 2 it would be (1 + 0 + 9 +
    /// 4)/4.
    /// </summary>
    [Test]
    public void OfTheSameShapeItIsTheMeanOfSquares()
    {
        Tensor predictions = Tensor.Constant(new Shape(2, 1), [1, 3]), targets = Tensor.Constant(new Shape(2), [0, 1]);
        Assert.That(Loss.MeanSquaredError(predictions.Reshape(targets.Shape), targets).Evaluate(), Is.EqualTo(new[] { 2.5f }));
    }

    /// <summary>
    /// Losses of class numbers take one label a row: a column of labels, or another number of them, is no such thing.
    /// </summary>
    [TestCase(new[] { 4, 1 })]
    [TestCase(new[] { 1 })]
    [TestCase(new[] { 5 })]
    [TestCase(new int[0])]
    public void LossesOfClassesWantALabelForEachRow(int[] labels)
    {
        Tensor logits = Tensor.Input(new Shape(4, 10), "logits"), classes = Tensor.Input(new Shape(labels), "labels");
        Func<Tensor>[] losses =
        [
            () => Loss.CrossEntropy(logits, classes),
            () => Loss.NegativeLogLikelihood(logits.LogSoftmax(), classes),
            () => Loss.BoundedCrossEntropy(logits, classes, 1e-4),
            () => Loss.BoundedCrossEntropy(logits, classes, 1e-4, smooth: true),
        ];
        foreach (Func<Tensor> loss in losses)
        {
            Assert.That(() => loss(), Throws.TypeOf<ShapeException>().With.Message.Contains("(4, 10)").And.Message.Contains(
                $"{classes.Shape}"));
        }
    }
}
