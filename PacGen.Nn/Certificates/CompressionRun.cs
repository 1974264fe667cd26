using PacGen.Core.Bounds;
using PacGen.Core.Compression;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Looks for the compressed network of the least bound.</summary>
/// <param name="session">What it is trained and passed with.</param>
/// <param name="options">The certificate's options, those of compression included.</param>
internal sealed class CompressionRun(CertifySession session, CertifyOptions options)
{
    /// <summary>The streams of the trainings' draws, of which the noise is 0.</summary>
    private const uint Stream = 0x6369_0000;

    private readonly CompressionOptions compression = options.Compression!;

    /// <summary>Trains, quantises and tests; leaves the prior's weights behind.</summary>
    /// <param name="origin">w₀.</param>
    /// <param name="images">What it is trained on.</param>
    /// <param name="sample">S₁.</param>
    /// <param name="test">The test set; null where there is none.</param>
    public CompressedNetwork Run(float[] origin, SampleSet images, SampleSet sample, SampleSet? test)
    {
        double delta = options.Delta + options.DeltaPrime;
        List<Described> found = [Tested(QuantizedVector.Empty, origin)];
        int[] dimensions = [.. compression.Dimensions.Select(d => Math.Min(d, origin.Length)).Distinct()];
        foreach (int dimension in dimensions)
        {
            SignSubspace subspace = new(origin.Length, dimension, options.Seed);
            session.Arena.Load(origin);
            Train(subspace, images, compression.Epochs, null);
            float[] trained = session.Arena.Save(), z = subspace.Coordinates(origin, trained);
            foreach (int levels in compression.Levels)
            {
                foreach (QuantizedVector numbers in (QuantizedVector[])
                    [QuantizedVector.Even(z, levels), QuantizedVector.Codebook(z, levels)])
                {
                    found.Add(Tested(numbers, subspace.Point(origin, numbers.ToArray())));
                    if (compression.TuningEpochs > 0)
                    {
                        session.Arena.Load(trained);
                        Train(
                            subspace, images, compression.TuningEpochs,
                            weights => subspace.Point(origin, numbers.Like(subspace.Coordinates(origin, weights)).ToArray()));
                        QuantizedVector tuned = numbers.Like(subspace.Coordinates(origin, session.Arena.Save()));
                        found.Add(Tested(tuned, subspace.Point(origin, tuned.ToArray())));
                    }
                }
            }
        }

        Described best = found.MinBy(one => (one.Bound.Value, one.Message.Length))!;
        session.Arena.Load(best.Weights);
        BoundResult? held = test is null ? null
            : BinomialTest.UpperLimit(Errors(session.At(test)), test.Count, delta);
        session.Arena.Load(origin);
        return new CompressedNetwork
        {
            Bound = Assuming(best.Bound),
            CrossEntropy = Assuming(
                CompressionBound.Bound(Math.Min(best.CrossEntropy, 1), best.Message.Length, sample.Count, delta)),
            Test = held is null ? null : Assuming(held),
            Numbers = best.Numbers,
            Message = best.Message,
            Candidates = [.. found.Select(one => new CompressionCandidate(
                one.Numbers.Count, one.Numbers.Levels.Count, one.Numbers.HasCodebook, one.Message.Length,
                (long)one.Bound.Term("errors"), one.Bound.Value))],
            Normalization = images.Normalization,
            Weights = best.Weights,
            State = session.Arena.SaveState(),
        };

        Described Tested(QuantizedVector numbers, float[] weights)
        {
            session.Arena.Load(weights);
            GibbsLosses losses = session.At(sample);
            BitMessage message = numbers.ToMessage();
            return new Described(
                numbers, message, weights, CompressionBound.Exact(Errors(losses), message.Length, sample.Count, delta),
                losses.CrossEntropy);
        }

        BoundResult Assuming(BoundResult bound) => bound with
        {
            Assumptions = [.. bound.Assumptions.Union(CertifyAssumptions.Of(session.Arena, options, draws: false))],
        };
    }

    private static long Errors(GibbsLosses losses) => (long)Math.Round(losses.ZeroOne * losses.Looks);

    /// <summary>
    /// Trains on from the arena's weights along the subspace, without noise, the running statistics as they are.
    /// </summary>
    private void Train(SignSubspace subspace, SampleSet images, int epochs, Func<float[], float[]>? rounded) =>
        session.Training.Run(
            new TrainingPlan(
                images, epochs, Math.Min(options.BatchSize, images.Count), compression.Optimizer ?? new Adam(1e-3), options.Seed,
                Stream)
            {
                Subspace = subspace,
                Rounded = rounded,
                Augmentation = options.Augmentation,
                IsFrozen = session.Arena.States.Count > 0,
                BeforeEpoch = _ => session.Noise.Set(new float[session.Arena.Count]),
            },
            session.Tell(CertifyPhase.Compressing),
            session.Cancellation);

    private sealed record Described(
        QuantizedVector Numbers, BitMessage Message, float[] Weights, BoundResult Bound, double CrossEntropy);
}
