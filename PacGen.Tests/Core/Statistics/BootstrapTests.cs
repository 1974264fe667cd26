using PacGen.Core.Statistics;

namespace PacGen.Tests.Core;

internal sealed class BootstrapTests
{
    private static readonly double[] Data = [1, 2, 3, 10, 11, 12];
    private static readonly int[][] Groups = [[0, 1, 2], [3, 4, 5]];

    [Test]
    public void MembersStayInTheirGroup()
    {
        Bootstrap.Interval(Groups, Resampling.Members, drawn =>
        {
            Assert.That(drawn, Has.Length.EqualTo(6));
            Assert.That(drawn.Count(index => index < 3), Is.EqualTo(3));
            return 0;
        }, replicates: 50);
    }

    [Test]
    public void GroupsComeWhole()
    {
        HashSet<string> seen = [];
        Bootstrap.Interval(Groups, Resampling.Groups, drawn =>
        {
            lock (seen)
            {
                seen.Add(string.Join("", drawn));
            }

            return 0;
        }, replicates: 200);
        Assert.That(seen, Is.EquivalentTo(new[] { "012012", "012345", "345012", "345345" }));
    }

    [Test]
    public void ASeedGivesTheSameInterval()
    {
        ConfidenceInterval? first = Interval(3), second = Interval(3), other = Interval(4);
        Assert.That(first, Is.EqualTo(second));
        Assert.That(first, Is.Not.EqualTo(other));
    }

    /// <summary>The mean of n normal numbers: the interval holds it about as often as it says.</summary>
    [Test]
    public void HoldsAMean()
    {
        int held = 0;
        for (int trial = 0; trial < 300; trial++)
        {
            Random random = new(trial);
            double[] draws = [.. Enumerable.Range(0, 30).Select(_ =>
                Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))];
            ConfidenceInterval interval = Bootstrap.Interval(
                [[.. Enumerable.Range(0, 30)]], Resampling.Members, drawn => drawn.Average(index => draws[index]), (ulong)trial,
                200)!;
            held += interval.Low <= 0 && 0 <= interval.High ? 1 : 0;
        }

        // 95 % of 300 are 285; of 30 numbers it is about 93 %.
        Assert.That(held, Is.InRange(264, 297));
    }

    [Test]
    public void ThereIsNoneWhereNothingVaries()
    {
        Assert.That(Bootstrap.Interval([[0], [1]], Resampling.Members, _ => 0), Is.Null);
        Assert.That(Bootstrap.Interval([[0, 1]], Resampling.Groups, _ => 0), Is.Null);
        Assert.That(Bootstrap.Interval(Groups, Resampling.Members, _ => double.NaN), Is.Null);
    }

    [Test]
    public void QuantilesAreLinearBetweenValues()
    {
        Assert.That(Bootstrap.Quantile([1, 2, 4], 0), Is.EqualTo(1));
        Assert.That(Bootstrap.Quantile([1, 2, 4], 0.75), Is.EqualTo(3));
        Assert.That(Bootstrap.Quantile([1, 2, 4], 1), Is.EqualTo(4));
    }

    private static ConfidenceInterval? Interval(ulong seed) => Bootstrap.Interval(
        Groups, Resampling.Members, drawn => drawn.Select((index, i) => Data[index] * (i + 1)).Sum(), seed, 100);
}
