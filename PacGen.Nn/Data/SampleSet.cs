using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// N samples of one shape with their targets, which can be read in any order. <see cref="ImageSet"/> holds bytes,
/// <see cref="ArraySet"/> floats, both in memory; a class of one's own gives <see cref="Read"/>, from a file or a data base, and
/// everything that takes a set takes it. What a sample is must depend on its index alone: then order, augmentation and resumed
/// runs have the same bits as in memory.
/// </summary>
/// <example>
/// <code>
/// sealed class Squares() : SampleSet(count: 1000, sample: new Shape(1), TargetForm.Values(1))
/// {
///     protected override void Read(int index, Span&lt;float&gt; sample, Span&lt;float&gt; target)
///     {
///         sample[0] = index / 1000f;
///         target[0] = sample[0] * sample[0];
///     }
/// }
/// </code>
/// </example>
public abstract class SampleSet
{
    private const uint RandomLabels = 0x8000_0005, SampleStream = 0x7361_6D70;

    /// <summary>A set of so many samples.</summary>
    /// <param name="count">N.</param>
    /// <param name="sample">The extents of one sample, at least one axis: (features) or (height, width, channels).</param>
    /// <param name="target">What the targets are.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no sample.</exception>
    /// <exception cref="ArgumentException">A sample has no axis, or is larger than an array can be.</exception>
    protected SampleSet(int count, Shape sample, TargetForm target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (count < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, "A set needs at least one sample.");
        }

        if (sample.Rank < 1 || sample.Count > Array.MaxLength)
        {
            throw new ArgumentException(
                $"A sample has at least one axis and at most {Array.MaxLength} numbers, not the shape {sample}.", nameof(sample));
        }

        Count = count;
        SampleSize = (int)sample.Count;
        Form = new SampleForm(sample, target);
    }

    /// <summary>N, how many samples there are; at least 1.</summary>
    public int Count { get; }

    /// <summary>The extents of one sample.</summary>
    public Shape SampleShape => Form.Shape;

    /// <summary>How many numbers a sample has: the product of <see cref="SampleShape"/>.</summary>
    public int SampleSize { get; }

    /// <summary>What the targets are.</summary>
    public TargetForm Target => Form.Target;

    /// <summary>
    /// How many classes there are, some of which may have no sample here; 0 where targets are labels or values.
    /// </summary>
    public int Classes => Target.Classes;

    /// <summary>The class of each sample where all are in memory; else empty.</summary>
    public virtual ReadOnlySpan<int> Labels => [];

    /// <summary>What <see cref="Gather"/> does to a sample's numbers; null for nothing.</summary>
    public virtual Normalization? Normalization => null;

    /// <summary>How much memory samples and targets take, in bytes; 0 where they are not in memory.</summary>
    public virtual long Bytes => 0;

    /// <summary>What the samples are called in messages, in the plural.</summary>
    public virtual string Noun => "samples";

    /// <summary>The extents of a sample, and what its target is.</summary>
    internal SampleForm Form { get; }

    /// <summary>Writes chosen samples, normalised, and their targets one after the other. Any number of threads may
    /// call it.</summary>
    /// <param name="indices">Which samples, in this order; one may come twice.</param>
    /// <param name="samples">Takes indices.Length × <see cref="SampleSize"/> values; what lies beyond stays as it is.</param>
    /// <param name="targets">Takes indices.Length × <see cref="TargetForm.Width"/> values, a class as its number; what lies
    /// beyond stays as it is.</param>
    /// <exception cref="ArgumentException">A destination is too short.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of a sample.</exception>
    /// <exception cref="DataException">The class that was read is none.</exception>
    public void Gather(ReadOnlySpan<int> indices, Span<float> samples, Span<float> targets)
    {
        int size = SampleSize, width = Target.Width;
        if (samples.Length < (long)indices.Length * size || targets.Length < (long)indices.Length * width)
        {
            throw new ArgumentException(
                $"{indices.Length} {Noun} of {size} values need as many targets of {width}; there is room for {samples.Length} " +
                $"and {targets.Length} values.", nameof(samples));
        }

        for (int i = 0; i < indices.Length; i++)
        {
            int index = indices[i];
            RequireSample(index);
            Span<float> target = targets.Slice(i * width, width);
            Read(index, samples.Slice(i * size, size), target);
            if (Target.Kind == TargetKind.Class && !(target[0] >= 0 && target[0] < Classes && target[0] == (int)target[0]))
            {
                throw new DataException(
                    $"Sample {index} has class {target[0]}; the numbers of {Classes} classes are 0 to {Classes - 1}.");
            }
        }
    }

    /// <summary>The first samples, in the same memory.</summary>
    /// <param name="count">How many, 1 or more.</param>
    /// <exception cref="DataException">There are not so many, or fewer than 1 are asked for.</exception>
    public virtual SampleSet Take(int count)
    {
        RequireSome(count);
        return Subset([.. Enumerable.Range(0, count)]);
    }

    /// <summary>
    /// So many of the samples, chosen by a seed, each as likely as any other, in the set's order; all of them are the set itself.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Chooses them.</param>
    /// <exception cref="DataException">There are not so many, or fewer than 1 are asked for.</exception>
    public SampleSet Sample(int count, ulong seed)
    {
        RequireSome(count);
        if (count == Count)
        {
            return this;
        }

        int[] indices = [.. Enumerable.Range(0, Count)];
        RandomStream random = new(seed, SampleStream, 0);
        for (int i = 0; i < count; i++)
        {
            int other = i + random.NextBelow(Count - i);
            (indices[i], indices[other]) = (indices[other], indices[i]);
        }

        int[] chosen = indices[..count];
        Array.Sort(chosen);
        return Subset(chosen);
    }

    /// <summary>Chosen samples, in the given order; one may come twice.</summary>
    /// <param name="indices">The samples' numbers, from 0.</param>
    /// <exception cref="ArgumentException">No index is given.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of a sample.</exception>
    public virtual SampleSet Subset(ReadOnlySpan<int> indices)
    {
        if (indices.IsEmpty)
        {
            throw new ArgumentException("A set needs at least one sample.", nameof(indices));
        }

        foreach (int index in indices)
        {
            RequireSample(index);
        }

        return new ChosenSamples(this, indices.ToArray());
    }

    /// <summary>
    /// The same samples, a share of which has a random class: a sample is one of them with probability <paramref name="share"/>,
    /// and then gets any of the classes, its own too, each with the same probability.
    /// </summary>
    /// <param name="share">The share, in [0, 1].</param>
    /// <param name="seed">Decides which samples and classes. Sample i draws words 2i and 2i + 1 of stream 0x8000_0005 alone, so
    /// that fewer samples have the classes that they have among more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not in [0, 1].</exception>
    /// <exception cref="InvalidOperationException">The targets are not classes.</exception>
    public SampleSet WithRandomLabels(double share, ulong seed)
    {
        if (!(share is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), $"The share of random labels must be in [0, 1], not {share}.");
        }

        int[] classes = ReadLabels();
        for (int i = 0; i < classes.Length; i++)
        {
            if (Philox.Word(seed, RandomLabels, 0, 2L * i) < share * 4294967296.0)
            {
                classes[i] = (int)(((ulong)Philox.Word(seed, RandomLabels, 0, (2L * i) + 1) * (uint)Classes) >> 32);
            }
        }

        return WithLabels(classes, Classes);
    }

    /// <summary>The same samples with other classes for targets.</summary>
    /// <param name="labels">The class of each sample, 0 to classes − 1; it is not copied.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <exception cref="ArgumentException">There is not one label a sample, or one is out of range.</exception>
    public virtual SampleSet WithLabels(ReadOnlyMemory<int> labels, int classes) => new RelabelledSamples(this, labels, classes);

    /// <summary>The same samples under a normalisation.</summary>
    /// <param name="normalization">In the place of the one they have; as many channels as the samples' last axis.</param>
    /// <exception cref="ArgumentException">The channels are not those of the samples.</exception>
    public virtual SampleSet With(Normalization normalization) => new NormalizedSamples(this, normalization);

    /// <summary>The same samples with values for targets that are standardised by a mean and a deviation of each.</summary>
    /// <param name="scale">In the place of what was done to targets before; of numbers, one channel a value.</param>
    /// <exception cref="ArgumentException">The targets are no values, or not as many.</exception>
    public virtual SampleSet WithTargets(Normalization scale)
    {
        ArgumentNullException.ThrowIfNull(scale);
        return new StandardizedTargets(this, scale);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Count} {Noun} of {string.Join('×', SampleShape.AsSpan().ToArray())}, {Target}";

    /// <summary>Reads one sample. Several threads call it at once.</summary>
    /// <param name="index">Which, from 0 to <see cref="Count"/> − 1.</param>
    /// <param name="sample">Gets its <see cref="SampleSize"/> numbers, row-major; images as (height, width, channels).</param>
    /// <param name="target">Gets its <see cref="TargetForm.Width"/> numbers: a class as its number.</param>
    protected abstract void Read(int index, Span<float> sample, Span<float> target);

    /// <summary>Reads one sample of another set.</summary>
    private protected static void ReadFrom(SampleSet set, int index, Span<float> sample, Span<float> target) =>
        set.Read(index, sample, target);

    /// <summary>Reads a sample's numbers as they are before <see cref="Normalization"/>.</summary>
    internal virtual void ReadRaw(int index, Span<float> sample, Span<float> target) => Read(index, sample, target);

    /// <summary>
    /// The mean and the standard deviation of each number of the last axis over chosen samples before normalisation.
    /// </summary>
    internal virtual (double[] Mean, double[] Deviation) Statistics(ReadOnlySpan<int> indices)
    {
        int channels = SampleShape[-1];
        float[] sample = new float[SampleSize], target = new float[Target.Width];
        double[] mean = new double[channels], variance = new double[channels];
        double count = (double)indices.Length * (SampleSize / channels);
        foreach (int index in indices)
        {
            ReadRaw(index, sample, target);
            for (int i = 0; i < sample.Length; i++)
            {
                mean[i % channels] += sample[i] / count;
            }
        }

        foreach (int index in indices)
        {
            ReadRaw(index, sample, target);
            for (int i = 0; i < sample.Length; i++)
            {
                double difference = sample[i] - mean[i % channels];
                variance[i % channels] += difference * difference / count;
            }
        }

        return (mean, Array.ConvertAll(variance, Math.Sqrt));
    }

    /// <summary>The mean and the standard deviation of each value of the targets, before they are standardised.</summary>
    internal virtual (double[] Mean, double[] Deviation) TargetStatistics()
    {
        float[] sample = new float[SampleSize], target = new float[Target.Width];
        double[] mean = new double[target.Length], squares = new double[target.Length];
        for (int index = 0; index < Count; index++)
        {
            ReadRaw(index, sample, target);
            for (int i = 0; i < target.Length; i++)
            {
                // Welford's update, which loses nothing where the mean is large.
                double before = target[i] - mean[i];
                mean[i] += before / (index + 1);
                squares[i] += before * (target[i] - mean[i]);
            }
        }

        return (mean, Array.ConvertAll(squares, sum => Math.Sqrt(sum / Count)));
    }

    /// <summary>Adds all samples and targets to a hash.</summary>
    internal virtual void AppendTo(IncrementalHash hash) => Append(hash, Read);

    /// <summary>
    /// The first 16 hexadecimal digits of the SHA-256 of all samples before normalisation and targets before standardisation:
    /// the same however these are scaled.
    /// </summary>
    public string Fingerprint()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendRawTo(hash);
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    /// <summary>Adds all samples and targets to a hash, before any scaling.</summary>
    internal virtual void AppendRawTo(IncrementalHash hash) => Append(hash, ReadRaw);

    private void Append(IncrementalHash hash, Action<int, Span<float>, Span<float>> read)
    {
        float[] sample = new float[SampleSize], target = new float[Target.Width];
        for (int i = 0; i < Count; i++)
        {
            read(i, sample, target);
            hash.AppendData(MemoryMarshal.AsBytes(sample.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(target.AsSpan()));
        }
    }

    /// <summary>The class of each sample, read where they are not in memory.</summary>
    /// <exception cref="InvalidOperationException">The targets are not classes.</exception>
    internal int[] ReadLabels()
    {
        if (Target.Kind != TargetKind.Class)
        {
            throw new InvalidOperationException($"The targets are {Target}, not a class a sample.");
        }

        if (!Labels.IsEmpty)
        {
            return Labels.ToArray();
        }

        int[] labels = new int[Count];
        float[] sample = new float[SampleSize], target = new float[1];
        for (int i = 0; i < labels.Length; i++)
        {
            Gather([i], sample, target);
            labels[i] = (int)target[0];
        }

        return labels;
    }

    private protected void RequireSample(int index)
    {
        if ((uint)index >= (uint)Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(index), $"Sample {index} is asked for; there are {Count}, counted from 0.");
        }
    }

    private protected void RequireSome(int count)
    {
        if (count < 1 || count > Count)
        {
            throw new DataException($"{count} {Noun} are asked for, but the set has {Count}: ask for 1 to {Count}.");
        }
    }
}
