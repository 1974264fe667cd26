using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>How runs of Figure 7 differ from the paper's.</summary>
internal static class PaperDifferences
{
    /// <summary>The differences, as a paragraph.</summary>
    /// <param name="paper">The paper's setting.</param>
    /// <param name="model">The network.</param>
    /// <param name="images">The images.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="rate">The learning rate in place of the paper's, or null.</param>
    /// <param name="arms">The perturbed arms, of one η.</param>
    public static string Of(
        PaperSetting paper, ModelChoice model, Dataset images, TrainingOptions options, double? rate, RunArm[] arms)
    {
        (int height, int width, int count, int tested) =
            (images.Train.SampleShape[0], images.Train.SampleShape[1], images.Train.Count, images.Test.Count);
        (bool Differs, string What)[] all =
        [
            ((model.Depth, model.Widen) != (PaperSetting.Depth, PaperSetting.Widen),
                $"WRN-{model.Depth}-{model.Widen} in place of WRN-{PaperSetting.Depth}-{PaperSetting.Widen}"),
            (count < paper.PublishedImages, $"{count:N0} of the {paper.PublishedImages:N0} training images"),
            (options.BatchSize != paper.BatchSize, $"batches of {options.BatchSize} in place of {paper.BatchSize}"),
            (options.Accumulate > 1, $"each batch passed in {options.Accumulate} parts, which batch norm sees one by one"),
            (options.Average is not null, $"the weights' average in their place, {options.Average}"),
            (images.Name == "cifar-100-coarse", "the 20 coarse classes in place of the 100 fine ones"),
            (tested < PaperSetting.PublishedTestImages, $"{tested:N0} of the {PaperSetting.PublishedTestImages:N0} test images"),
            (height != paper.Side || width != paper.Side, $"images resized to {height}×{width} from {paper.Side}×{paper.Side}"),
            (rate is { } own && own != paper.LearningRate, $"a learning rate of its own in place of {paper.LearningRate}"),
            (arms.Any(arm => arm != new RunArm(paper.Eta, paper.Gamma)),
                Prose.Line($"""
                    η = {arms[0].Eta}, γ = {string.Join(" and ", arms.Select(arm => arm.Gamma))}, where the paper has η =
                    {paper.Eta}, γ = {paper.Gamma}
                    """)),
        ];
        string[] differing = [.. all.Where(one => one.Differs).Select(one => one.What)];
        string varied = options.Augmentation?.ToString() ?? "images as they are";
        return CommandLine.Prose.Line($"""
            What differs from the paper: {(differing.Length == 0 ? "nothing that it states" : string.Join("; ", differing))}. It
            does not say how many epochs it ran, whether it varied the images, whether the learning rate changed, or how often it
            repeated a run; here {options.Epochs} epochs, {varied}, a constant rate.
            """);
    }
}
