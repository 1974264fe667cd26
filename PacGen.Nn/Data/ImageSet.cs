using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// Images of one size, with their classes, held as bytes: NHWC, one byte a channel, image after image in one block. They
/// become floats when they are gathered into a batch. Immutable; any number of threads may read it.
/// </summary>
public sealed class ImageSet
{
    private const uint RandomLabels = 0x8000_0005, SampleStream = 0x7361_6D70;
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
    {
        this.pixels = pixels;
        this.labels = labels;
        Height = height;
        Width = width;
        Classes = classes;
        Normalization = normalization;
        if (check)
        {
            Check();
        }
    }

    /// <summary>How many images there are; at least 1.</summary>
    public int Count => labels.Length;

    /// <summary>Rows of an image.</summary>
    public int Height { get; }

    /// <summary>Columns of an image.</summary>
    public int Width { get; }

    /// <summary>Channels of a pixel.</summary>
    public int Channels => Normalization.Channels;

    /// <summary>Values of one image: <see cref="Height"/> × <see cref="Width"/> × <see cref="Channels"/>.</summary>
    public int ImageSize => Height * Width * Channels;

    /// <summary>How many classes there are; some may have no image here.</summary>
    public int Classes { get; }

    /// <summary>How the bytes become floats.</summary>
    public Normalization Normalization { get; }

    /// <summary>All pixels, NHWC.</summary>
    public ReadOnlySpan<byte> Pixels => pixels.Span;

    /// <summary>The class of each image.</summary>
    public ReadOnlySpan<int> Labels => labels.Span;

    /// <summary>Writes chosen images, normalised, and their classes one after the other.</summary>
    /// <param name="indices">Which images, in this order; one may come twice.</param>
    /// <param name="images">Takes indices.Length × <see cref="ImageSize"/> values, NHWC; what lies beyond stays as it is.</param>
    /// <param name="classes">Takes indices.Length classes, each as a float; what lies beyond stays as it is.</param>
    /// <exception cref="ArgumentException">A destination is too short.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of an image.</exception>
    public void Gather(ReadOnlySpan<int> indices, Span<float> images, Span<float> classes)
    {
        int size = ImageSize;
        if (images.Length < (long)indices.Length * size || classes.Length < indices.Length)
        {
            throw new ArgumentException(
                $"{indices.Length} images of {size} values need as many labels; there is room for {images.Length} values and " +
                $"{classes.Length} labels.", nameof(images));
        }

        ReadOnlySpan<byte> source = pixels.Span;
        ReadOnlySpan<int> known = labels.Span;
        for (int i = 0; i < indices.Length; i++)
        {
            int index = indices[i];
            if ((uint)index >= (uint)known.Length)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(indices), $"Image {index} is asked for; there are {Count}, counted from 0.");
            }

            Normalization.Apply(source.Slice(index * size, size), images.Slice(i * size, size));
            classes[i] = known[index];
        }
    }

    /// <summary>The first images, in the same memory.</summary>
    /// <exception cref="DataException">There are not so many, or fewer than 1 are asked for.</exception>
    public ImageSet Take(int count)
    {
        RequireSome(count);
        return new ImageSet(pixels[..(count * ImageSize)], labels[..count], Height, Width, Classes, Normalization, check: false);
    }

    /// <summary>
    /// So many of the images, chosen by a seed, each as likely as any other, in the set's order; all of them are the set itself.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Chooses them.</param>
    /// <exception cref="DataException">There are not so many, or fewer than 1 are asked for.</exception>
    public ImageSet Sample(int count, ulong seed)
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

    /// <summary>
    /// The same images, a share of which has a random class: an image is one of them with probability <paramref name="share"/>,
    /// and then gets any of the classes, its own too, each with the same probability.
    /// </summary>
    /// <param name="share">The share, in [0, 1].</param>
    /// <param name="seed">Decides which images and classes. Image i draws words 2i and 2i + 1 of stream 0x8000_0005 alone, so
    /// that fewer images have the classes that they have among more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not in [0, 1].</exception>
    public ImageSet WithRandomLabels(double share, ulong seed)
    {
        if (!(share is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), $"The share of random labels must be in [0, 1], not {share}.");
        }

        int[] classes = Labels.ToArray();
        for (int i = 0; i < classes.Length; i++)
        {
            if (Philox.Word(seed, RandomLabels, 0, 2L * i) < share * 4294967296.0)
            {
                classes[i] = (int)(((ulong)Philox.Word(seed, RandomLabels, 0, (2L * i) + 1) * (uint)Classes) >> 32);
            }
        }

        return new ImageSet(pixels, classes, Height, Width, Classes, Normalization, check: false);
    }

    /// <summary>The same images in the same memory, normalised in another way.</summary>
    /// <param name="normalization">Of as many channels, and of a <see cref="Normalization.MaxValue"/> not below this
    /// set's.</param>
    /// <exception cref="ArgumentException">The channels differ, or its largest value is smaller.</exception>
    public ImageSet With(Normalization normalization)
    {
        ArgumentNullException.ThrowIfNull(normalization);
        return normalization.Channels == Channels && normalization.MaxValue >= Normalization.MaxValue
            ? new ImageSet(pixels, labels, Height, Width, Classes, normalization, check: false)
            : throw new ArgumentException(
                $"A normalisation of {normalization.Channels} channels with pixels to {normalization.MaxValue} does not fit " +
                $"images of {Channels} channels with pixels to {Normalization.MaxValue}.", nameof(normalization));
    }

    /// <summary>A copy of chosen images, in the given order.</summary>
    /// <exception cref="ArgumentException">No index is given.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of an image.</exception>
    public ImageSet Subset(ReadOnlySpan<int> indices)
    {
        if (indices.IsEmpty)
        {
            throw new ArgumentException("A set needs at least one image.", nameof(indices));
        }

        int size = ImageSize;
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

    private void RequireSome(int count)
    {
        if (count < 1 || count > Count)
        {
            throw new DataException($"{count} images are asked for, but the set has {Count}: ask for 1 to {Count}.");
        }
    }

    private void Check()
    {
        ArgumentNullException.ThrowIfNull(Normalization);
        ArgumentOutOfRangeException.ThrowIfLessThan(Height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Classes, 1);
        if (labels.IsEmpty)
        {
            throw new ArgumentException("A set needs at least one image.");
        }

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
                $"Image {wrong / ImageSize} has a pixel of {Pixels[wrong]}; the largest is {Normalization.MaxValue}.");
        }
    }
}
