using System.Globalization;
using PacGen.Benchmarks.CommandLine;

namespace PacGen.Benchmarks.Studies;

/// <summary>
/// At which moments of a training its weights are kept: <c>end</c>, <c>epoch:K</c>, <c>every:K</c> for each K-th epoch, and
/// <c>loss:X</c> for the first epoch at which the training images' cross-entropy is no larger than X.
/// </summary>
internal sealed class StudyMoments
{
    private const string End = "end", Epoch = "epoch:", Every = "every:", Loss = "loss:";
    private readonly IReadOnlyList<string> words;

    /// <param name="words">The moments, at least one.</param>
    /// <exception cref="UsageException">One is none.</exception>
    public StudyMoments(IReadOnlyList<string> words)
    {
        this.words = words;
        if (words.Count == 0 || words.FirstOrDefault(word => !IsMoment(word)) is { } wrong)
        {
            string what = words.Count == 0 ? "none is given" : $"'{words.First(word => !IsMoment(word))}' is none of them";
            throw new UsageException(Prose.Line($"""
                Moments of a training are {End}, {Epoch}K, {Every}K and {Loss}X, K a whole number of epochs and X a cross-entropy;
                {what}.
                """));
        }
    }

    /// <summary>Whether a moment is one of an epoch's number, of which there may be many.</summary>
    public static bool IsByEpoch(string moment) => moment.StartsWith(Epoch, StringComparison.Ordinal);

    /// <summary>Which moments an epoch is.</summary>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="losses">The training losses of the epochs up to this one.</param>
    /// <param name="isLast">Whether the training ends with it.</param>
    public IReadOnlyList<string> Of(int epoch, IReadOnlyList<double> losses, bool isLast) =>
    [
        .. words.SelectMany(word => (string[])(
            word == End ? isLast ? [End] : []
            : word.StartsWith(Epoch, StringComparison.Ordinal) ? epoch == Whole(word, Epoch) ? [word] : []
            : word.StartsWith(Every, StringComparison.Ordinal) ? epoch % Whole(word, Every) == 0 ? [$"{Epoch}{epoch}"] : []
            : First(losses, Number(word)) == epoch ? [word] : [])).Distinct(),
    ];

    /// <summary>The first epoch whose loss is no larger than a number; 0 where there is none.</summary>
    public static int First(IReadOnlyList<double> losses, double most) =>
        losses.Index().FirstOrDefault(one => one.Item <= most, (-1, 0)).Index + 1;

    /// <summary>Those of an epoch's number that a training of so many epochs never comes to.</summary>
    public IEnumerable<string> Beyond(int epochs) => words.Where(word => Whole(word, Epoch) > epochs);

    public override string ToString() => string.Join(", ", words);

    private static bool IsMoment(string word) =>
        word == End
        || Whole(word, Epoch) > 0
        || Whole(word, Every) > 0
        || Number(word) > 0;

    private static int Whole(string word, string prefix) =>
        word.StartsWith(prefix, StringComparison.Ordinal)
        && int.TryParse(word.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;

    private static double Number(string word) =>
        word.StartsWith(Loss, StringComparison.Ordinal)
        && double.TryParse(word.AsSpan(Loss.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number : double.NaN;
}
