using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PacGen.Nn;

/// <summary>
/// How a pixel's byte, or a number, becomes a network's input: x = (value / <see cref="MaxValue"/> − mean) / standard deviation,
/// mean and deviation of its channel, the last axis of a sample: the channels of an image, the columns of a table. Computed in
/// double and rounded once, of bytes from a table, so the same on every machine.
/// </summary>
/// <example>
/// <code>
/// Normalization fitted = Normalization.Fit(set, priorIndices);       // from these samples alone
/// SampleSet normalized = set.With(fitted);
/// </code>
/// </example>
public sealed class Normalization
{
    private readonly float[] mean, standardDeviation, table;

    /// <summary>A normalisation of bytes by the given statistics of value / maxValue.</summary>
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
        Require(mean, standardDeviation);
        MaxValue = maxValue;
        this.mean = mean.ToArray();
        this.standardDeviation = standardDeviation.ToArray();
        table = new float[256 * mean.Length];
        for (int channel = 0; channel < mean.Length; channel++)
        {
            double centre = mean[channel], scale = standardDeviation[channel];
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

    private Normalization(float[] mean, float[] standardDeviation)
    {
        (this.mean, this.standardDeviation, table, MaxValue) = (mean, standardDeviation, [], 1);
    }

    /// <summary>A normalisation of numbers that are no bytes: x = (value − mean) / standard deviation.</summary>
    /// <param name="mean">The mean of each channel.</param>
    /// <param name="standardDeviation">The standard deviation of each channel.</param>
    /// <exception cref="ArgumentException">The counts differ or are 0, a value is not finite, or a deviation is not above
    /// 0.</exception>
    public static Normalization OfNumbers(ReadOnlySpan<float> mean, ReadOnlySpan<float> standardDeviation)
    {
        Require(mean, standardDeviation);
        return new Normalization(mean.ToArray(), standardDeviation.ToArray());
    }

    /// <summary>
    /// The normalisation by the mean and the standard deviation of some samples of a set before any normalisation, such as the
    /// part that a certificate's prior learns from. A channel that is constant there is not scaled.
    /// </summary>
    /// <param name="set">The set; its own normalisation does not matter.</param>
    /// <param name="indices">Which samples; none for all.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of a sample.</exception>
    public static Normalization Fit(SampleSet set, params ReadOnlySpan<int> indices)
    {
        ArgumentNullException.ThrowIfNull(set);
        (double[] average, double[] scale) =
            set.Statistics(indices.IsEmpty ? [.. Enumerable.Range(0, set.Count)] : indices);
        float[] mean = Array.ConvertAll(average, value => (float)value);
        float[] deviation = Array.ConvertAll(scale, value => (float)value > 0 ? (float)value : 1);
        return set is { Normalization.IsOfBytes: true } ? new Normalization(mean, deviation, set.Normalization.MaxValue)
            : OfNumbers(mean, deviation);
    }

    /// <summary>The normalisation that a text of <see cref="ToText"/> says; null where it says none.</summary>
    /// <param name="text">The text.</param>
    public static Normalization? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, NormalizationJson.Default.Form)
                is { Mean: { } mean, StandardDeviation: { } deviation } form
                ? form.MaxValue is { } most ? new Normalization(mean, deviation, most) : OfNumbers(mean, deviation)
                : null;
        }
        catch (Exception error) when (error is JsonException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>A text of it, in JSON, for a file of weights to keep: it reads back to the same bits.</summary>
    public string ToText() => JsonSerializer.Serialize(
        new Form(mean, standardDeviation, IsOfBytes ? MaxValue : null), NormalizationJson.Default.Form);

    internal sealed record Form(float[]? Mean, float[]? StandardDeviation, int? MaxValue);

    /// <summary>The largest value that a pixel takes; 1 for numbers, which are not divided.</summary>
    public int MaxValue { get; }

    /// <summary>Whether it is of bytes, not of numbers.</summary>
    public bool IsOfBytes => table.Length > 0;

    /// <summary>How many channels there are.</summary>
    public int Channels => mean.Length;

    /// <summary>The mean of each channel, in units of value / <see cref="MaxValue"/>.</summary>
    public ReadOnlySpan<float> Mean => mean;

    /// <summary>The standard deviation of each channel, in the same units.</summary>
    public ReadOnlySpan<float> StandardDeviation => standardDeviation;

    /// <summary>Normalises pixels; channels innermost.</summary>
    /// <param name="pixels">The bytes.</param>
    /// <param name="destination">Where (byte / <see cref="MaxValue"/> − mean) / deviation goes.</param>
    /// <exception cref="ArgumentException">The lengths differ, or are no multiple of <see cref="Channels"/>.</exception>
    /// <exception cref="InvalidOperationException">It is not of bytes.</exception>
    public void Apply(ReadOnlySpan<byte> pixels, Span<float> destination)
    {
        if (pixels.Length != destination.Length || pixels.Length % Channels != 0)
        {
            throw new ArgumentException(
                $"{pixels.Length} bytes of {Channels} channels do not go into {destination.Length} floats.", nameof(destination));
        }

        if (!IsOfBytes)
        {
            throw new InvalidOperationException("This normalisation is of numbers, not of bytes.");
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

    /// <summary>Normalises numbers; channels innermost. Source and destination may be the same.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="destination">Where (value − mean) / deviation goes.</param>
    /// <exception cref="ArgumentException">The lengths differ, or are no multiple of <see cref="Channels"/>.</exception>
    public void Apply(ReadOnlySpan<float> values, Span<float> destination)
    {
        RequireChannels(values.Length, destination.Length, nameof(destination));
        for (int i = 0; i < values.Length; i += Channels)
        {
            for (int channel = 0; channel < Channels; channel++)
            {
                destination[i + channel] =
                    (float)(((values[i + channel] / (double)MaxValue) - mean[channel]) / standardDeviation[channel]);
            }
        }
    }

    /// <summary>Turns numbers that were normalised back; channels innermost. Source and destination may be the same.</summary>
    /// <param name="values">Normalised numbers.</param>
    /// <param name="destination">Where value · deviation + mean goes.</param>
    /// <exception cref="ArgumentException">The lengths differ, or are no multiple of <see cref="Channels"/>.</exception>
    public void Undo(ReadOnlySpan<float> values, Span<float> destination)
    {
        RequireChannels(values.Length, destination.Length, nameof(destination));
        for (int i = 0; i < values.Length; i++)
        {
            int channel = i % Channels;
            destination[i] = (float)((((double)values[i] * standardDeviation[channel]) + mean[channel]) * MaxValue);
        }
    }

    /// <summary>The formula in words, such as <c>(value / 255 − 0.1307) / 0.3081</c>.</summary>
    public override string ToString()
    {
        string value = MaxValue == 1 ? "value" : $"value / {MaxValue}";
        return Array.TrueForAll(mean, one => one == 0) && Array.TrueForAll(standardDeviation, one => one == 1)
            ? MaxValue == 1 ? "values as they are" : value
            : Channels == 1 ? $"({value} {(mean[0] < 0 ? '+' : '−')} {Listed([Math.Abs(mean[0])])}) / {Listed(standardDeviation)}"
            : $"({value} − mean) / deviation, mean {Listed(mean)}, deviation {Listed(standardDeviation)}";
    }

    private static string Listed(float[] numbers)
    {
        const int Most = 4;
        return string.Join(", ", numbers.Take(Most).Select(one => one.ToString("G4", CultureInfo.InvariantCulture)))
            + (numbers.Length > Most ? ", …" : "");
    }

    private void RequireChannels(int length, int room, string name)
    {
        if (length != room || length % Channels != 0)
        {
            throw new ArgumentException($"{length} numbers of {Channels} channels do not go into {room}.", name);
        }
    }

    /// <exception cref="ArgumentException">The channels are not those of a set.</exception>
    internal void Require(SampleSet set)
    {
        if (set.SampleShape[-1] != Channels)
        {
            throw new ArgumentException(
                $"A normalisation of {Channels} channels does not fit samples of {set.SampleShape}: their last axis has " +
                $"{set.SampleShape[-1]}.", nameof(set));
        }
    }

    private static void Require(ReadOnlySpan<float> mean, ReadOnlySpan<float> standardDeviation)
    {
        if (mean.IsEmpty || mean.Length != standardDeviation.Length)
        {
            throw new ArgumentException(
                $"There are {mean.Length} means and {standardDeviation.Length} standard deviations; give one of each for each " +
                $"channel.", nameof(standardDeviation));
        }

        for (int channel = 0; channel < mean.Length; channel++)
        {
            double centre = mean[channel], scale = standardDeviation[channel];
            if (!double.IsFinite(centre) || !double.IsFinite(scale) || scale <= 0)
            {
                throw new ArgumentException(
                    $"Channel {channel} has mean {centre} and standard deviation {scale}; both must be finite and the " +
                    $"deviation above 0.", nameof(standardDeviation));
            }
        }
    }
}

/// <summary>Reads and writes a normalisation's text by code that is made at compile time.</summary>
[JsonSerializable(typeof(Normalization.Form))]
internal sealed partial class NormalizationJson : JsonSerializerContext;
