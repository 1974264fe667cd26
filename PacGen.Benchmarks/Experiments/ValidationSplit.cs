using PacGen.Core.Randomness;
using PacGen.Nn;

namespace PacGen.Benchmarks.Experiments;

/// <summary>Training images in two parts: what is trained on, and what is held back to choose by.</summary>
internal static class ValidationSplit
{
    /// <summary>The stream of random numbers that splits off the validation images: "vali" in ASCII.</summary>
    private const uint Stream = 0x7661_6C69;

    /// <summary>The images with the part that is held back in the test images' place.</summary>
    /// <param name="all">The images.</param>
    /// <param name="part">The share of the training images that is held back.</param>
    /// <param name="seed">Decides which.</param>
    /// <exception cref="UsageException">One part is empty.</exception>
    public static Dataset Of(Dataset all, double part, ulong seed)
    {
        int held = (int)Math.Round(part * all.Train.Count);
        if (held < 1 || held >= all.Train.Count)
        {
            throw new UsageException(
                $"--validation {part} of {all.Train.Count} training images leaves one part empty: choose another.");
        }

        int[] order = [.. Enumerable.Range(0, all.Train.Count)];
        new RandomStream(seed, Stream).Shuffle(order);
        return all with { Train = all.Train.Subset(order.AsSpan(held)), Test = all.Train.Subset(order.AsSpan(0, held)) };
    }
}
