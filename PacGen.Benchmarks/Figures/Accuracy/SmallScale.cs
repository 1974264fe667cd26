namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>
/// What Figure 7 trains at small scale in place of section 8's: WRN-10-1 on so few images, for so many epochs, that plain
/// training fits them, since only then can the perturbation gain anything; at γ = 10 the network stays at chance. SGD gets
/// more and larger steps than the paper's (a rate of 0.01, batches of 156), and has fitted two thirds of its images then.
/// </summary>
/// <param name="Images">The training images, the set's first; those of Tiny ImageNet have four times the pixels.</param>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="BatchSize">Images a step.</param>
/// <param name="Gamma">γ.</param>
internal sealed record SmallScale(int Images, double LearningRate, int BatchSize, double Gamma)
{
    /// <summary>The network's depth and widening factor, and how often the images are seen.</summary>
    public const int Depth = 10, Widen = 1, Epochs = 60;
}
