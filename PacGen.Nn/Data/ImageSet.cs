using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Images of one size, with their classes, held as bytes: NHWC, one byte a channel, image after image in one block. They
/// become floats when they are gathered into a batch. Immutable; any number of threads may read it.
/// </summary>
public sealed class ImageSet : SampleSet
{
    private readonly ReadOnlyMemory<byte> pixels;
    private readonly ReadOnlyMemory<int> labels;

    /// <summary>A set of images around the given memory, which is not copied: do not change it afterwards.</summary>
    /// <param name="pixels">The pixels, labels.Length × height × width × channels of them.</param>
    /// <param name="labels">The class of each image, 0 to classes − 1.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="normalization">How bytes become floats; it has the images' number of channels.</param>
    /// <exception cref="ArgumentException">The lengths disagree, or a label or pixel is out of range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An extent or the number of classes is below 1.</exception>
    public ImageSet(
        ReadOnlyMemory<byte> pixels, ReadOnlyMemory<int> labels, int height, int width, int classes, Normalization normalization)
        : this(pixels, labels, height, width, classes, normalization, check: true)
    {
    }

    private ImageSet(
        ReadOnlyMemory<byte> pixels, ReadOnlyMemory<int> labels, int height, int width, int classes, Normalization normalization,
        bool check)
        : base(Required(labels.Length), ShapeOf(height, width, normalization), TargetForm.OneOf(classes))
    {
        this.pixels = pixels;
        this.labels = labels;
        Normalization = normalization;
        if (check)
        {
            Check();
        }
    }

    /// <summary>Rows of an image.</summary>
    public int Height => SampleShape[0];

    /// <summary>Columns of an image.</summary>
    public int Width => SampleShape[1];

    /// <summary>Channels of a pixel.</summary>
    public int Channels => SampleShape[2];

    /// <summary>How the bytes become floats.</summary>
    public override Normalization Normalization { get; }

    /// <inheritdoc/>
    public override long Bytes => pixels.Length + ((long)labels.Length * sizeof(int));

    /// <summary>All pixels, NHWC.</summary>
    public ReadOnlySpan<byte> Pixels => pixels.Span;

    /// <summary>The class of each image.</summary>
    public override ReadOnlySpan<int> Labels => labels.Span;

    /// <summary>The first images, in the same memory.</summary>
    /// <param name="count">How many, 1 or more.</param>
    /// <exception cref="DataException">There are not so many, or fewer than 1 are asked for.</exception>
    public override ImageSet Take(int count)
    {
        RequireSome(count);
        return new ImageSet(pixels[..(count * SampleSize)], labels[..count], Height, Width, Classes, Normalization, check: false);
    }

    /// <summary>The same images in the same memory, normalised in another way.</summary>
    /// <param name="normalization">Of as many channels, and of a <see cref="Normalization.MaxValue"/> not below this
    /// set's, or 1: bytes as they are.</param>
    /// <exception cref="ArgumentException">The channels differ, or its largest value is smaller.</exception>
    public override ImageSet With(Normalization normalization)
    {
        ArgumentNullException.ThrowIfNull(normalization);
        return normalization.Channels == Channels && normalization.IsOfBytes
            && (normalization.MaxValue >= Normalization.MaxValue || normalization.MaxValue == 1)
            ? new ImageSet(pixels, labels, Height, Width, Classes, normalization, check: false)
            : throw new ArgumentException(
                $"A normalisation for images of {normalization.Channels} {Word(normalization.Channels)} with values to " +
                $"{normalization.MaxValue} does not fit images of {Channels} {Word(Channels)} with values to " +
                $"{Normalization.MaxValue}: choose one that fits (--normalization).",
                nameof(normalization));

        static string Word(int channels) => channels == 1 ? "channel" : "channels";
    }

    /// <summary>A copy of chosen images, in the given order.</summary>
    /// <param name="indices">The images' numbers, from 0; one may come twice.</param>
    /// <exception cref="ArgumentException">No index is given.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of an image.</exception>
    public override ImageSet Subset(ReadOnlySpan<int> indices)
    {
        if (indices.IsEmpty)
        {
            throw new ArgumentException("A set needs at least one image.", nameof(indices));
        }

        int size = SampleSize;
        byte[] chosen = new byte[checked(indices.Length * size)];
        int[] classes = new int[indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            int index = indices[i];
            if ((uint)index >= (uint)Count)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(indices), $"Image {index} is asked for; there are {Count}, counted from 0.");
            }

            Pixels.Slice(index * size, size).CopyTo(chosen.AsSpan(i * size));
            classes[i] = Labels[index];
        }

        return new ImageSet(chosen, classes, Height, Width, Classes, Normalization, check: false);
    }

    /// <inheritdoc/>
    public override ImageSet WithLabels(ReadOnlyMemory<int> labels, int classes)
    {
        if (labels.Length != Count)
        {
            throw new ArgumentException($"{labels.Length} labels are given for {Count} images.", nameof(labels));
        }

        ArraySet.RequireLabels(labels.Span, classes);
        return new ImageSet(pixels, labels, Height, Width, classes, Normalization, check: false);
    }

    /// <inheritdoc/>
    public override string Noun => "images";

    internal override void ReadRaw(int index, Span<float> sample, Span<float> target)
    {
        ReadOnlySpan<byte> image = Pixels.Slice(index * SampleSize, SampleSize);
        for (int i = 0; i < image.Length; i++)
        {
            sample[i] = (float)(image[i] / (double)Normalization.MaxValue);
        }

        target[0] = Labels[index];
    }

    /// <summary>Exactly, in whole numbers.</summary>
    internal override (double[] Mean, double[] Deviation) Statistics(ReadOnlySpan<int> indices)
    {
        int channels = Channels;
        long[] sum = new long[channels], squares = new long[channels];
        foreach (int index in indices)
        {
            RequireSample(index);
            ReadOnlySpan<byte> image = Pixels.Slice(index * SampleSize, SampleSize);
            for (int i = 0; i < image.Length; i += channels)
            {
                for (int channel = 0; channel < channels; channel++)
                {
                    int value = image[i + channel];
                    sum[channel] += value;
                    squares[channel] += value * value;
                }
            }
        }

        double count = (double)indices.Length * Height * Width, max = Normalization.MaxValue;
        double[] mean = new double[channels], deviation = new double[channels];
        for (int channel = 0; channel < channels; channel++)
        {
            double average = sum[channel] / count;
            mean[channel] = average / max;
            deviation[channel] = Math.Sqrt(Math.Max(0, (squares[channel] / count) - (average * average))) / max;
        }

        return (mean, deviation);
    }

    internal override void AppendTo(IncrementalHash hash)
    {
        hash.AppendData(Pixels);
        hash.AppendData(MemoryMarshal.AsBytes(Labels));
    }

    /// <inheritdoc/>
    protected override void Read(int index, Span<float> sample, Span<float> target)
    {
        Normalization.Apply(pixels.Span.Slice(index * SampleSize, SampleSize), sample);
        target[0] = labels.Span[index];
    }

    private static int Required(int count) =>
        count > 0 ? count : throw new ArgumentException("A set needs at least one image.");

    private static Shape ShapeOf(int height, int width, Normalization normalization)
    {
        ArgumentNullException.ThrowIfNull(normalization);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return new Shape(height, width, normalization.Channels);
    }

    private void Check()
    {
        if ((UInt128)(uint)Count * (uint)Height * (uint)Width * (uint)Channels != (uint)pixels.Length)
        {
            throw new ArgumentException(
                $"{Count} labels ask for as many images of {Height}×{Width}×{Channels} bytes; there are {pixels.Length} bytes.");
        }

        int wrong = MemoryExtensions.IndexOfAnyExceptInRange(Labels, 0, Classes - 1);
        if (wrong >= 0)
        {
            throw new ArgumentException(
                $"Image {wrong} has label {Labels[wrong]}; labels of {Classes} classes are 0 to {Classes - 1}.");
        }

        wrong = MemoryExtensions.IndexOfAnyExceptInRange(Pixels, (byte)0, (byte)Normalization.MaxValue);
        if (wrong >= 0)
        {
            throw new ArgumentException(
                $"Image {wrong / SampleSize} has a pixel of {Pixels[wrong]}; the largest is {Normalization.MaxValue}.");
        }
    }
}
