using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>
/// Settings are numbers in double that training uses in single precision, where 1e-50 is 0, 1 − 1e-12 is 1 and 1e39 is infinite.
/// Each is refused where it would not mean what it says; what is next to the end is taken.
/// </summary>
internal sealed class SettingTests
{
    private const double Smallest = 1.1754943508222875e-38, LargestBelowOne = 0.99999994;
    private static readonly Tensor Logits = Tensor.Input(new Shape(2, 3), "logits"), Labels = Tensor.Input(
        new Shape(2), "labels");

    private static readonly Dictionary<string, (Action<double> Set, double[] Refused, double[] Taken)> Settings = new()
    {
        ["Sgd's learning rate"] = (value => _ = new Sgd(value), [1e-50, 1e39, 0, double.NaN], [Smallest, 1e30]),
        ["Sgd's momentum"] = (value => _ = new Sgd(0.1, momentum: value), [1e-50, 1 - 1e-12, 1], [0, LargestBelowOne]),
        ["Sgd's weight decay"] = (value => _ = new Sgd(0.1, weightDecay: value), [1e-50, 1e39, double.NaN], [0, Smallest]),
        ["Adam's learning rate"] = (value => _ = new Adam(value), [1e-50, 1e39], [Smallest]),
        ["Adam's β₁"] = (value => _ = new Adam(beta1: value), [1e-50, 1 - 1e-12], [0, LargestBelowOne]),
        ["Adam's β₂"] = (value => _ = new Adam(beta2: value), [1e-50, 1 - 1e-12], [0, LargestBelowOne]),
        ["Adam's ε"] = (value => _ = new Adam(epsilon: value), [1e-50, 0, 1e39], [Smallest]),
        ["Adam's weight decay"] = (value => _ = new Adam(weightDecay: value), [1e-50, 1e39], [0, Smallest]),
        ["AdamW's β₁"] = (value => _ = new AdamW(beta1: value), [1e-50, 1 - 1e-12], [0, LargestBelowOne]),
        ["AdamW's β₂"] = (value => _ = new AdamW(beta2: value), [1e-50, 1 - 1e-12], [0, LargestBelowOne]),
        ["AdamW's ε"] = (value => _ = new AdamW(epsilon: value), [1e-50, 0], [Smallest]),
        ["AdamW's weight decay"] = (value => _ = new AdamW(weightDecay: value), [1e-50], [0, Smallest]),
        ["Algorithm 1's η"] =
            (value => _ = new AlgorithmOne(value), [1e-50, 1e39, double.NaN], [Smallest, 1e30, double.PositiveInfinity]),
        ["Algorithm 1's β₁"] = (value => _ = new AlgorithmOne(1, beta1: value), [1e-50, 1 - 1e-12], [1e-3, LargestBelowOne]),
        ["IVON's λ"] = (value => _ = new Ivon(examples: value), [1e-50, 0, 1e39], [Smallest, 1e30]),
        ["IVON's β₂"] = (value => _ = new Ivon(beta2: value), [1e-50, 1 - 1e-12], [0, LargestBelowOne]),
        ["IVON's δ"] = (value => _ = new Ivon(weightDecay: value), [1e-50, 0], [Smallest]),
        ["an average's decay"] = (value => _ = WeightAveraging.Ema(value), [1e-50, 1 - 1e-12, 1], [0, LargestBelowOne]),
        ["BatchNorm's ε"] = (value => _ = new BatchNorm(1, value), [1e-50, 0, 1e39], [Smallest]),
        ["BatchNorm's momentum"] = (value => _ = new BatchNorm(1, momentum: value), [1e-50, 1.5], [0, 1]),
        ["Dropout's p"] = (value => _ = new Dropout(value), [1e-50, 1 - 1e-12, 1], [0, LargestBelowOne]),
        ["p_min"] = (value => _ = Loss.BoundedCrossEntropy(Logits, Labels, value), [1e-50, 1 - 1e-12], [1e-30, 0.5]),
        ["the smooth p_min"] =
            (value => _ = Loss.BoundedCrossEntropy(Logits, Labels, value, smooth: true), [1e-50, 1 - 1e-12], [1e-30, 0.5]),
        ["a schedule's steps"] = (value => _ = LearningRateSchedule.Step(3, value),
            [1e-50, double.NaN, -double.NaN, double.PositiveInfinity], [0.1, 2]),
        ["a schedule's end"] =
            (value => _ = LearningRateSchedule.Cosine(3, value), [1e-50, double.NaN, double.PositiveInfinity], [0, 0.1]),
        ["a schedule's start"] = (value => _ = LearningRateSchedule.Constant.WithWarmUp(3, value), [1e-50, double.NaN], [0.1]),
        ["a first value"] = (value => _ = Initializer.Constant(value), [1e39, double.NaN], [0, 1e-50, 1e38]),
        ["the bound of first values"] = (value => _ = Initializer.Uniform(value), [1e39, double.NaN], [0, 1]),
        ["a gain"] = (value => _ = Initializer.XavierNormal(value), [1e39, double.NaN], [1, 2]),
        ["a deviation"] = (value => _ = new Normalization([0f], [(float)value]), [1e-45, 0], [1e-30, 1]),
    };

    private static IEnumerable<string> Names => Settings.Keys;

    [TestCaseSource(nameof(Names))]
    public void MeansInSinglePrecisionWhatItSays(string name)
    {
        (Action<double> set, double[] refused, double[] taken) = Settings[name];
        Assert.Multiple(() =>
        {
            foreach (double value in refused)
            {
                Assert.That(() => set(value), Throws.InstanceOf<ArgumentException>(), $"{name} of {value}");
            }

            foreach (double value in taken)
            {
                Assert.That(() => set(value), Throws.Nothing, $"{name} of {value}");
            }
        });
    }

    [TestCase(1e-300)]
    [TestCase(double.NaN)]
    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(double.PositiveInfinity)]
    public void AClipNormOfATrainer(double limit)
    {
        Dataset digits = Datasets.Digits();
        TrainingOptions options = new() { ClipNorm = limit, Device = Device.Cpu };
        Assert.That(
            () => { using Trainer trainer = new(new Mlp(64, 8, 10), digits, new Sgd(0.1), options); },
            Throws.InstanceOf<ArgumentException>().With.Message.Contains("The gradient's largest norm is"));
    }

    /// <summary>A message says what single precision can hold.</summary>
    [Test]
    public void AMessageSaysWhatToGive()
    {
        Assert.That(() => new Adam(epsilon: 1e-50), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains(
            "The ε of Adam is 1E-50, but must be positive and finite, and in single precision at least 1.2E-38."));
        Assert.That(() => new Dropout(1 - 1e-12), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains(
            "but must be in [0, 1), and in single precision at most 0.9999999."));
        Assert.That(() => new Sgd(1e39), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains(
            "and in single precision at most 3.4E+38."));
    }

    /// <summary>The smallest ε on a constant channel: (x − mean)/√ε is 0, not 0/0.</summary>
    [Test]
    public void TheSmallestEpsilonOfBatchNormKeepsAConstantChannelFinite()
    {
        Sequential model = new(new BatchNorm(1, Smallest));
        using ParameterArena arena = new(model, Device.Cpu, 1);
        model.Train(new TrainingContext(1));
        Tensor output = model.Forward(Tensor.Constant(new Shape(4, 1), [3, 3, 3, 3]));
        Assert.That(output.Evaluate(), Has.All.Zero);
        Assert.That(output.Square().Sum().Gradient(arena.Parameters[0])[0].Evaluate(), Has.All.Zero);
    }
}
