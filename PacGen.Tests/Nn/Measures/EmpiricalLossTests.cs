using PacGen.Kernels.Devices;
using PacGen.Nn;
using PacGen.Nn.Data;

namespace PacGen.Tests.Nn.Measures;

internal sealed class EmpiricalLossTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    [Test]
    public void ValueAndGradientAreThoseOfTheWholeSet()
    {
        using Quadratic quadratic = Quadratic.Full();
        double[] gradient = new double[7];
        Assert.That(quadratic.Empirical.Value(), Is.EqualTo(quadratic.ValueAt(quadratic.Weights)).Within(1e-5).Percent);
        Assert.That(quadratic.Empirical.Gradient(gradient), Is.EqualTo(quadratic.ValueAt(quadratic.Weights)).Within(1e-5).Percent);
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
        Assert.That(() => quadratic.Empirical.MoveTo(new float[3]), Throws.ArgumentException.With.Message.Contains("3 numbers are given for 7 weights"));
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
        Assert.That(() => empirical.Losses(), Throws.InvalidOperationException.With.Message.Contains("each of 10 classes"));
        Assert.That(() => empirical.Losses(1), Throws.TypeOf<ArgumentOutOfRangeException>());

        using Quadratic quadratic = Quadratic.Full();
        quadratic.Empirical.MoveTo([.. Enumerable.Repeat(float.NaN, 7)]);
        Assert.That(() => quadratic.Empirical.Value(), Throws.TypeOf<TrainingException>());
        Assert.That(() => quadratic.Empirical.Gradient(new double[7]), Throws.TypeOf<TrainingException>());
    }

    [Test]
    public void CanBeCancelled()
    {
        using Quadratic quadratic = Quadratic.Full();
        CancellationToken cancelled = new(true);
        Assert.That(() => quadratic.Empirical.Value(cancelled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => new Curvature(quadratic.Empirical).Diagonal(cancellation: cancelled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => KeskarSharpness.Compute(quadratic.Empirical, cancellation: cancelled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => LocalHessianLipschitz.Sample(quadratic.Empirical, cancellation: cancelled), Throws.InstanceOf<OperationCanceledException>());
    }
}
