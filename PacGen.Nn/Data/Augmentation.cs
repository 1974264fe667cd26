using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// How training images are varied: each is padded with zero bytes on all sides and cropped to its size at a random place, and
/// mirrored every second time. What an image gets is a function of the seed, the epoch and its place in its set alone, by
/// <see cref="Philox"/>: not of the order of images, the batch size or the number of threads.
/// </summary>
/// <remarks>
/// Image i at epoch t draws elements 4i to 4i + 2 of stream 0x8000_0002 at step t: with a word u, the crop begins ⌊u (2p +
/// 1)/2³²⌋ − p rows down (first word) and as many columns to the right (second), and mirrors where the third word is odd. Padding
/// comes before normalisation, as in the usual CIFAR recipe, so that it is black, not grey.
/// </remarks>
public sealed record Augmentation
{
    private const uint Stream = 0x8000_0002;

    private readonly int padding = 4;

    /// <summary>The usual one of CIFAR: a crop of the image padded by 4 pixels, and mirroring.</summary>
    public static Augmentation CropFlip { get; } = new();

    /// <summary>Zero pixels added on each side before a random crop; 0 for no crop.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not 0 to 1024.</exception>
    public int Padding
    {
        get => padding;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1024);
            padding = value;
        }
    }

    /// <summary>Whether every second image, by chance, is mirrored left to right.</summary>
    public bool Flip { get; init; } = true;

    /// <inheritdoc/>
    public override string ToString() =>
        (Padding, Flip) switch { (0, false) => "none", (0, true) => "flip", (_, false) => $"crop of padding {Padding}", _ =>
            $"crop of padding {Padding}, flip" };

    /// <summary>Writes chosen images, varied and normalised, and their classes one after the other.</summary>
    /// <param name="source">The set.</param>
    /// <param name="indices">Which images, in this order.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">Which epoch.</param>
    /// <param name="images">Takes indices.Length × <see cref="SampleSet.SampleSize"/> values, NHWC.</param>
    /// <param name="classes">Takes indices.Length classes, each as a float.</param>
    /// <param name="scratch">Room for the bytes of one image.</param>
    /// <exception cref="ArgumentException">A destination or the room is too short.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of an image.</exception>
    public void Gather(
        ImageSet source, ReadOnlySpan<int> indices, ulong seed, int epoch, Span<float> images, Span<float> classes,
        Span<byte> scratch)
    {
        ArgumentNullException.ThrowIfNull(source);
        int size = source.SampleSize;
        if (images.Length < (long)indices.Length * size || classes.Length < indices.Length || scratch.Length < size)
        {
            throw new ArgumentException(
                $"There is no room for {indices.Length} images of {size} values and their labels, or for {size} bytes.",
                nameof(images));
        }

        for (int i = 0; i < indices.Length; i++)
        {
            int index = indices[i];
            if ((uint)index >= (uint)source.Count)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(indices), $"Image {index} is asked for; there are {source.Count}, counted from 0.");
            }

            Vary(source, index, seed, epoch, scratch[..size]);
            source.Normalization.Apply(scratch[..size], images.Slice(i * size, size));
            classes[i] = source.Labels[index];
        }
    }

    private void Vary(ImageSet source, int index, ulong seed, int epoch, Span<byte> result)
    {
        int down = Shift(0), right = Shift(1);
        bool mirrored = Flip && (Philox.Word(seed, Stream, (uint)epoch, (4L * index) + 2) & 1) != 0;
        int channels = source.Channels, width = source.Width, row = width * channels;
        ReadOnlySpan<byte> image = source.Pixels.Slice(index * source.SampleSize, source.SampleSize);

        // Columns of the result that show the image; the others, and rows outside it, are padding.
        int first = Math.Clamp(-right, 0, width), last = Math.Clamp(width - right, first, width);
        for (int y = 0; y < source.Height; y++)
        {
            Span<byte> target = result.Slice(y * row, row);
            int from = y + down;
            if (from < 0 || from >= source.Height)
            {
                target.Clear();
                continue;
            }

            target[..(first * channels)].Clear();
            target[(last * channels)..].Clear();
            if (last > first)
            {
                image.Slice((from * row) + ((first + right) * channels), (last - first) * channels).CopyTo(
                    target[(first * channels)..]);
            }

            if (mirrored)
            {
                Mirror(target, channels);
            }
        }

        int Shift(int word) => Padding == 0 ? 0
            : (int)(((ulong)Philox.Word(seed, Stream, (uint)epoch, (4L * index) + word) * (uint)((2 * Padding) + 1)) >> 32)
                - Padding;
    }

    private static void Mirror(Span<byte> row, int channels)
    {
        for (int left = 0, right = row.Length - channels; left < right; left += channels, right -= channels)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                (row[left + channel], row[right + channel]) = (row[right + channel], row[left + channel]);
            }
        }
    }
}
