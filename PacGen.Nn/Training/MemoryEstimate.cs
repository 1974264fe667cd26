using System.Globalization;

namespace PacGen.Nn;

/// <summary>The memory that a run takes, known before its first step; all numbers are bytes.</summary>
/// <param name="Weights">The parameters w, the model's state, and the copy of it that a step works on.</param>
/// <param name="Gradients">The gradient; with parts also that of one part, and a sum for each height of their tree.</param>
/// <param name="Optimizer">The rule's numbers, h and w + u.</param>
/// <param name="Activations">What is between the images and the gradients: the graphs of training, evaluation and re-estimation,
/// for each size of batch that comes.</param>
/// <param name="Kernels">What kernels keep for themselves, such as packed weights, and their threads' scratch memory; on CUDA
/// also where batches stay on their way to a graph.</param>
/// <param name="Score">What scoring Ψ will take and give back after each epoch; 0 without a score.</param>
/// <param name="Batches">The loader's batches, on the host.</param>
/// <param name="Images">The images of the data set, on the host; they are in memory already.</param>
/// <param name="Free">What was free on the device before the run took any; null where the device doesn't say.</param>
public sealed record MemoryEstimate(
    long Weights, long Gradients, long Optimizer, long Activations, long Kernels, long Score, long Batches, long Images,
    long? Free)
{
    /// <summary>All that the run takes on its device, the score included.</summary>
    public long Total => Weights + Gradients + Optimizer + Activations + Kernels + Score;

    /// <summary>One line for people.</summary>
    public override string ToString() =>
        $"{Text(Total)}: weights {Text(Weights)}, gradients {Text(Gradients)}, optimizer {Text(Optimizer)}, activations " +
            $"{Text(Activations)}, kernels {Text(Kernels)}"
        + $"{(Score > 0 ? $", score {Text(Score)}" : "")}; batches {Text(Batches)}, samples " +
            $"{Text(Images)}{(Free is { } free ? $"; {Text(free)} were free" : "")}";

    private static string Text(long bytes)
    {
        const double Unit = 1024;
        double kibibytes = bytes / Unit;
        (double number, string unit) = kibibytes < 999.5 ? (kibibytes, "KiB")
            : kibibytes < 999.5 * Unit ? (kibibytes / Unit, "MiB") : (kibibytes / Unit / Unit, "GiB");
        return string.Create(CultureInfo.InvariantCulture, $"{number:G3} {unit}");
    }
}
