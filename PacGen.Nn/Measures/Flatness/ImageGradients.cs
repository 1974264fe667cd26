namespace PacGen.Nn;

/// <summary>What the gradients of single images' losses at a network's weights say together.</summary>
internal sealed class ImageGradients
{
    private ImageGradients(int images, int parameters)
    {
        Squares = new double[images];
        AlongWeights = new double[images];
        Spread = new double[parameters];
    }

    /// <summary>‖∇ℓᵢ‖² of each image.</summary>
    public double[] Squares { get; }

    /// <summary>⟨w, ∇ℓᵢ⟩ of each image.</summary>
    public double[] AlongWeights { get; }

    /// <summary>The mean of ‖∇ℓᵢ − mean‖² over the images, parameter by parameter.</summary>
    public double[] Spread { get; }

    /// <summary>The gradients of some of the subject's images, chosen by a seed where not all are wanted.</summary>
    /// <param name="subject">The network and its images.</param>
    /// <param name="most">The most images, 0 for all.</param>
    /// <param name="seed">Chooses them.</param>
    /// <param name="tell">Gets how many images are done, and of how many.</param>
    /// <param name="cancellation">Stops between two images.</param>
    public static ImageGradients Of(
        EmpiricalLoss subject, int most, ulong seed, Action<int, int>? tell, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return subject.Once((nameof(ImageGradients), most, seed), Find);

        ImageGradients Find()
        {
            SampleSet images = Some(subject.Images, most, seed);
            float[] weights = subject.Arena.Save();
            int[] ends = Ends(subject.Arena);
            ImageGradients found = new(images.Count, ends.Length);
            double[] mean = new double[weights.Length], squares = new double[ends.Length];
            int image = 0;
            ForEach(subject, images, gradient =>
            {
                double along = 0, all = 0;
                for (int p = 0, i = 0; p < ends.Length; p++)
                {
                    double sum = 0;
                    for (; i < ends[p]; i++)
                    {
                        double g = gradient[i];
                        sum += g * g;
                        along += g * weights[i];
                        mean[i] += g / images.Count;
                    }

                    squares[p] += sum / images.Count;
                    all += sum;
                }

                (found.Squares[image], found.AlongWeights[image]) = (all, along);
                tell?.Invoke(++image, images.Count);
            }, cancellation);
            for (int p = 0, i = 0; p < ends.Length; p++)
            {
                double sum = 0;
                for (; i < ends[p]; i++)
                {
                    sum += mean[i] * mean[i];
                }

                found.Spread[p] = Math.Max(squares[p] - sum, 0);
            }

            return found;
        }
    }

    /// <summary>At most so many of the images, chosen by a seed; 0 for all.</summary>
    public static SampleSet Some(SampleSet images, int most, ulong seed) =>
        images.Sample(most == 0 ? images.Count : Math.Min(most, images.Count), seed);

    /// <summary>
    /// Shows the gradient of each image's loss, and counts it as its share of a pass over the subject's images.
    /// </summary>
    public static void ForEach(
        EmpiricalLoss subject, SampleSet images, Action<ReadOnlySpan<float>> look, CancellationToken cancellation)
    {
        using EmpiricalLoss single = new(subject.Model, subject.Arena, images, subject.Loss, batchSize: 1);
        single.MoveToWeights();
        single.ForEachGradient((gradient, _) => look(gradient), cancellation);
        subject.Charge(new PassCost(0, (double)images.Count / subject.Images.Count, 0));
    }

    /// <summary>Where each parameter ends in the arena.</summary>
    public static int[] Ends(ParameterArena arena)
    {
        int end = 0;
        return [.. arena.Parameters.Select(parameter => end += (int)parameter.Shape.Count)];
    }
}
