using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class EmpiricalLossTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    [Test]
    public void ValueAndGradientAreThoseOfTheWholeSet()
    {
        using Quadratic quadratic = Quadratic.Full();
        double[] gradient = new double[7];
        Assert.That(quadratic.Empirical.Value(), Is.EqualTo(quadratic.ValueAt(quadratic.Weights)).Within(1e-5).Percent);
        Assert.That(
            quadratic.Empirical.Gradient(gradient), Is.EqualTo(quadratic.ValueAt(quadratic.Weights)).Within(1e-5).Percent);
        Assert.That(gradient, Is.EqualTo(quadratic.GradientAt(quadratic.Weights).ToArray()).Within(1e-5));
    }

    [Test]
    public void MovesWithoutTouchingTheNetwork()
    {
        using Quadratic quadratic = Quadratic.Full();
        float[] before = quadratic.Arena.Save(), elsewhere = [.. before.Select(value => value + 1)];
        double here = quadratic.Empirical.Value();
        quadratic.Empirical.MoveTo(elsewhere);
        Assert.That(quadratic.Empirical.Value(), Is.EqualTo(quadratic.ValueAt(quadratic.Weights + 1)).Within(1e-4).Percent);
        Assert.That(quadratic.Arena.Save(), Is.EqualTo(before));
        Assert.That(quadratic.Empirical.MoveToWeights(), Is.EqualTo(before));
        Assert.That(quadratic.Empirical.Value(), Is.EqualTo(here));
        Assert.That(() => quadratic.Empirical.MoveTo(new float[3]), Throws.ArgumentException.With.Message.Contains(
            "3 numbers are given for 7 weights"));
    }

    [Test]
    public void LossesAreThoseOfTheTrainerAndOfTheBoundedLoss()
    {
        const double Smallest = 0.03;
        Mlp model = new(64, 20, 10);
        using Trainer trainer = new(model, Digits, new Sgd(0.1), new TrainingOptions { Epochs = 1 });
        trainer.Run();
        using EmpiricalLoss empirical = new(model, trainer.Arena, Digits.Test, batchSize: 77), bounded = new(
            model, trainer.Arena, Digits.Test, (logits, labels) => Loss.BoundedCrossEntropy(logits, labels, Smallest));
        LossValues values = empirical.Losses(Smallest);
        (double loss, double accuracy) = trainer.Evaluate(Digits.Test);
        Assert.That(values.Loss, Is.EqualTo(loss).Within(1e-5).Percent);
        Assert.That(values.ZeroOne, Is.EqualTo(1 - accuracy).Within(1e-12));
        Assert.That(values.BoundedCrossEntropy, Is.EqualTo(bounded.Value()).Within(1e-4).Percent);
        Assert.That(values.BoundedCrossEntropy, Is.LessThan(loss / Math.Log(1 / Smallest)), "the floor is reached");
    }

    [Test]
    public void NeitherNaNNorANetworkOfOtherClassesGetsALoss()
    {
        Mlp model = new(64, 4);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        using EmpiricalLoss empirical = new(model, arena, Digits.Test.Take(20));
        Assert.That(() => empirical.Losses(), Throws.ArgumentException.With.Message.Contains(
            "Mlp has 4 outputs").And.Message.Contains("give its last layer 10"));
        Assert.That(() => empirical.Losses(1), Throws.TypeOf<ArgumentOutOfRangeException>());

        using Quadratic quadratic = Quadratic.Full();
        quadratic.Empirical.MoveTo([.. Enumerable.Repeat(float.NaN, 7)]);
        Assert.That(() => quadratic.Empirical.Value(), Throws.TypeOf<TrainingException>());
        Assert.That(() => quadratic.Empirical.Gradient(new double[7]), Throws.TypeOf<TrainingException>());
    }

    /// <summary>
    /// A set too large to be kept as floats is gathered anew in each pass; its halves are not, and give the same means.
    /// </summary>
    [Test]
    public void ALargeSetIsTheMeanOfItsHalves()
    {
        const int Side = 256, Count = 260;
        byte[] pixels = [.. Enumerable.Range(0, Count * Side * Side).Select(i => (byte)((uint)i * 7919 % 101))];
        int[] labels = [.. Enumerable.Range(0, Count).Select(i => i % 3)];
        ImageSet Part(Range range) => new(
            pixels.AsMemory(range.Start.Value * Side * Side, (range.End.Value - range.Start.Value) * Side * Side),
            labels.AsMemory(range), Side, Side, 3, new Normalization([0.5f], [1], 100));
        Sequential model = new(new Flatten(), new Linear(Side * Side, 3));
        using ParameterArena arena = new(model, Device.Cpu, 1);
        using EmpiricalLoss all = new(model, arena, Part(0..Count), batchSize: 50), first = new(
            model, arena, Part(0..(Count / 2))), second = new(model, arena, Part((Count / 2)..Count));
        Assert.That((long)Count * Side * Side, Is.GreaterThan(1L << 24), "large enough");
        double[] gradient = new double[all.Count], one = new double[all.Count], other = new double[all.Count];
        double value = all.Gradient(gradient);
        Assert.That(value, Is.EqualTo((first.Gradient(one) + second.Gradient(other)) / 2).Within(1e-4).Percent);
        Assert.That(all.Value(), Is.EqualTo(value).Within(1e-4).Percent, "a second pass begins anew");
        Assert.That(
            gradient.Zip(one.Zip(other, (a, b) => (a + b) / 2), (a, b) => Math.Abs(a - b)).Max(),
            Is.LessThan(1e-5 * gradient.Max(Math.Abs)));
    }

    [Test]
    public void CanBeCancelled()
    {
        using Quadratic quadratic = Quadratic.Full();
        CancellationToken cancelled = new(true);
        Assert.That(() => quadratic.Empirical.Value(cancelled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(
            () => HessianDiagonalEstimator.Measure(quadratic.Empirical, cancellation: cancelled),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(
            () => KeskarAscent.Measure(quadratic.Empirical, cancellation: cancelled),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(
            () => HessianLipschitzSampler.Measure(quadratic.Empirical, cancellation: cancelled),
            Throws.InstanceOf<OperationCanceledException>());
    }
}
