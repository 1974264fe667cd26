using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PacGen.Nn;

/// <summary>
/// How a pixel's byte becomes a network's input: x = (value / <see cref="MaxValue"/> − mean) / standard deviation, mean and
/// deviation of the pixel's channel; computed in double and rounded once, from a table, so the same on every machine.
/// </summary>
public sealed class Normalization
{
    private readonly float[] mean, standardDeviation, table;

    /// <summary>A normalisation by the given statistics of value / maxValue.</summary>
    /// <param name="mean">The mean of each channel, in units of value / maxValue.</param>
    /// <param name="standardDeviation">The standard deviation of each channel, in the same units.</param>
    /// <param name="maxValue">The largest value that a pixel takes, 1 to 255.</param>
    /// <exception cref="ArgumentException">The counts differ or are 0, a value is not finite, a deviation is not above 0, or a
    /// pixel's input overflows.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxValue"/> is not in 1 to 255.</exception>
    public Normalization(ReadOnlySpan<float> mean, ReadOnlySpan<float> standardDeviation, int maxValue = 255)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxValue, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxValue, 255);
        if (mean.IsEmpty || mean.Length != standardDeviation.Length)
        {
            throw new ArgumentException(
                $"There are {mean.Length} means and {standardDeviation.Length} standard deviations; give one of each for each " +
                $"channel.", nameof(standardDeviation));
        }

        MaxValue = maxValue;
        this.mean = mean.ToArray();
        this.standardDeviation = standardDeviation.ToArray();
        table = new float[256 * mean.Length];
        for (int channel = 0; channel < mean.Length; channel++)
        {
            double centre = mean[channel], scale = standardDeviation[channel];
            if (!double.IsFinite(centre) || !double.IsFinite(scale) || scale <= 0)
            {
                throw new ArgumentException(
                    $"Channel {channel} has mean {centre} and standard deviation {scale}; both must be finite and the " +
                    $"deviation above 0.", nameof(standardDeviation));
            }

            for (int value = 0; value < 256; value++)
            {
                float input = (float)(((value / (double)maxValue) - centre) / scale);
                table[(256 * channel) + value] = float.IsFinite(input)
                    ? input
                    : throw new ArgumentException(
                        $"Channel {channel} has mean {centre} and standard deviation {scale}: a pixel of {value} becomes " +
                        $"{input} in single precision.", nameof(standardDeviation));
            }
        }
    }

    /// <summary>
    /// The normalisation to mean 0 and deviation 1 in each channel over some images; a channel that is constant there is not
    /// scaled. Fitted to the images that a model learns from, it keeps all others unseen.
    /// </summary>
    /// <param name="images">The images.</param>
    /// <param name="indices">Which of them, or none for all.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of an image.</exception>
    public static Normalization Fit(ImageSet images, params ReadOnlySpan<int> indices)
    {
        ArgumentNullException.ThrowIfNull(images);
        int channels = images.Channels, size = images.ImageSize, count = indices.IsEmpty ? images.Count : indices.Length;
        long[] sum = new long[channels], squares = new long[channels];
        for (int i = 0; i < count; i++)
        {
            int index = indices.IsEmpty ? i : indices[i];
            if ((uint)index >= (uint)images.Count)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(indices), $"Image {index} is asked for; there are {images.Count}, counted from 0.");
            }

            ReadOnlySpan<byte> pixels = images.Pixels.Slice(index * size, size);
            for (int at = 0; at < size; at += channels)
            {
                for (int channel = 0; channel < channels; channel++)
                {
                    int value = pixels[at + channel];
                    sum[channel] += value;
                    squares[channel] += value * value;
                }
            }
        }

        float[] mean = new float[channels], deviation = new float[channels];
        double values = (double)count * images.Height * images.Width, unit = images.Normalization.MaxValue;
        for (int channel = 0; channel < channels; channel++)
        {
            double average = sum[channel] / values, variance = Math.Max(0, (squares[channel] / values) - (average * average));
            mean[channel] = (float)(average / unit);
            deviation[channel] = variance > 0 ? (float)(Math.Sqrt(variance) / unit) : 1;
        }

        return new Normalization(mean, deviation, images.Normalization.MaxValue);
    }

    /// <summary>The largest value that a pixel takes.</summary>
    public int MaxValue { get; }

    /// <summary>How many channels there are.</summary>
    public int Channels => mean.Length;

    /// <summary>The mean of each channel, in units of value / <see cref="MaxValue"/>.</summary>
    public ReadOnlySpan<float> Mean => mean;

    /// <summary>The standard deviation of each channel, in the same units.</summary>
    public ReadOnlySpan<float> StandardDeviation => standardDeviation;

    /// <summary>Normalises pixels; channels innermost.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or are no multiple of <see cref="Channels"/>.</exception>
    public void Apply(ReadOnlySpan<byte> pixels, Span<float> destination)
    {
        if (pixels.Length != destination.Length || pixels.Length % Channels != 0)
        {
            throw new ArgumentException(
                $"{pixels.Length} bytes of {Channels} channels do not go into {destination.Length} floats.", nameof(destination));
        }

        ref byte source = ref MemoryMarshal.GetReference(pixels);
        ref float target = ref MemoryMarshal.GetReference(destination);
        ref float lookup = ref MemoryMarshal.GetArrayDataReference(table);
        if (Channels == 1)
        {
            for (nint i = 0; i < pixels.Length; i++)
            {
                Unsafe.Add(ref target, i) = Unsafe.Add(ref lookup, (nint)Unsafe.Add(ref source, i));
            }

            return;
        }

        for (nint i = 0; i < pixels.Length;)
        {
            for (nint row = 0; row < table.Length; row += 256, i++)
            {
                Unsafe.Add(ref target, i) = Unsafe.Add(ref lookup, row + Unsafe.Add(ref source, i));
            }
        }
    }
}
