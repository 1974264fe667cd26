using PacGen.Nn;

namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>
/// How section 8 trained on a data set. Its network is WRN-58-3; of epochs, learning-rate schedule and augmentation it says
/// nothing.
/// </summary>
/// <param name="Dataset">The data set's name.</param>
/// <param name="PublishedImages">The training images that the complete set has.</param>
/// <param name="Adaptive">Whether OPT is Adam; else it is SGD.</param>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="BatchSize">Images a step.</param>
/// <param name="Eta">η.</param>
/// <param name="Gamma">γ.</param>
/// <param name="Side">The images' height and width.</param>
/// <param name="Small">What the small scale trains on in its place.</param>
internal sealed record PaperSetting(
    string Dataset, int PublishedImages, bool Adaptive, double LearningRate, int BatchSize, double Eta, double Gamma, int Side,
    SmallScale Small)
{
    /// <summary>The network's depth and widening factor, and ε of Algorithm 1.</summary>
    public const int Depth = 58, Widen = 3;

    /// <summary>ε of Algorithm 1.</summary>
    public const double Epsilon = 1e-5;

    /// <summary>The images to test on that each of the sets has.</summary>
    public const int PublishedTestImages = 10_000;

    /// <summary>Those of Figure 7.</summary>
    public static IReadOnlyList<PaperSetting> All { get; } =
    [
        new("cifar-10", 50_000, Adaptive: true, 1e-4, 128, Eta: 0.01, Gamma: 10, Side: 32, new(5_000, 1e-3, 128, Gamma: 1)),
        new("cifar-100", 50_000, Adaptive: true, 1e-4, 128, Eta: 0.01, Gamma: 10, Side: 32, new(5_000, 1e-3, 128, Gamma: 1)),
        new("tiny-imagenet", 100_000, Adaptive: false, 1e-2, 156, Eta: 100, Gamma: 1, Side: 64, new(2_000, 0.1, 32, Gamma: 1)),
    ];

    /// <summary>OPT.</summary>
    public Optimizer Opt(double learningRate, double weightDecay = 0) =>
        Adaptive ? new Adam(learningRate, weightDecay: weightDecay) : new Sgd(learningRate, weightDecay: weightDecay);
}
