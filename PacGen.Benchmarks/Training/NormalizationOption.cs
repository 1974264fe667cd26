using System.CommandLine;
using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>The option that says how a sample's values become a network's inputs.</summary>
internal sealed class NormalizationOption : OptionGroup
{
    private const string Train = "train", Unit = "unit", None = "none", ImageNet = "imagenet";

    private readonly Option<string?> way = Options.Make<string?>(
        "--normalization",
        "way",
        Prose.Line($"""
            How values become a network's inputs: {Train}, by mean and deviation of the training part; {Unit}, bytes / 255; {None},
            as they are; {ImageNet}, as torchvision's networks have them; or MEAN/DEVIATION in units of bytes / 255 (of numbers in
            their own), such as 0.49,0.48,0.45/0.25,0.24,0.26 for three channels. Without it what the network's file says, else as
            the data set has it
            """),
        word => (word, word is Train or Unit or None or ImageNet || Numbers(word) is not null ? null : Prose.Line($"""
            --normalization takes {Train}, {Unit}, {None}, {ImageNet}, or MEAN/DEVIATION, each with commas between the channels,
            not '{word}'.
            """)));

    public NormalizationOption() => way.CompletionSources.Add(Train, Unit, None, ImageNet);

    public override IReadOnlyList<Option> All => [way];

    /// <summary>What the command line says; null for nothing.</summary>
    public string? Asked(ParseResult parsed) => parsed.GetValue(way);

    /// <summary>Whether the command line gives a normalisation that no sample decides.</summary>
    public bool IsStated(ParseResult parsed) => Asked(parsed) is not (null or Train);

    /// <summary>The samples as the command line says; as they are where it doesn't.</summary>
    /// <exception cref="UsageException">It does not fit them.</exception>
    public Dataset Apply(ParseResult parsed, Dataset data)
    {
        if (Asked(parsed) is not { } word)
        {
            return data;
        }

        Normalization? own = data.Train.Normalization;
        bool bytes = own?.IsOfBytes == true;
        (float[] mean, float[] deviation) = word switch
        {
            Train => ([], []),
            Unit or None => ([0], [1]),
            ImageNet => ([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]),
            _ => Numbers(word)!.Value,
        };
        if (!bytes && word is Unit or ImageNet)
        {
            throw new UsageException(
                $"--normalization {word} is for images of bytes, but the samples of {data.Name} are numbers: give {None}, " +
                    $"{Train} or MEAN/DEVIATION.");
        }

        int channels = data.Train.SampleShape[-1];
        (mean, deviation) = (ForEach(mean), ForEach(deviation));
        return word == Train ? data.Normalized()
            : data.Normalized(bytes ? new Normalization(mean, deviation, word == None ? 1 : own!.MaxValue)
            : Normalization.OfNumbers(mean, deviation));

        float[] ForEach(float[] values) => values.Length == channels || word == Train ? values
            : values.Length == 1 ? [.. Enumerable.Repeat(values[0], channels)] : throw new UsageException(
                $"--normalization {word} is of {values.Length} channels, but the samples of {data.Name} have {channels}.");
    }

    /// <summary>Means and deviations; null where a word has none.</summary>
    private static (float[] Mean, float[] Deviation)? Numbers(string word)
    {
        float[][] parts = [.. word.Split('/').Select(part => part.Split(',').Select(
            number => float.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) ? value
                : float.NaN).ToArray())];
        return parts is [var mean, var deviation] && mean.Length == deviation.Length && mean.All(float.IsFinite)
            && deviation.All(one => float.IsFinite(one) && one > 0) ? (mean, deviation) : null;
    }
}
