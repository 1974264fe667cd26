using PacGen.Core.Compression;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>The message is real: a decoder gets the numbers back from it alone, and no message begins another.</summary>
internal sealed class QuantizedVectorTests
{
    [Test]
    public void AMessageGivesTheNumbersBack(
        [Values(1, 2, 7, 100, 9_610)] int count, [Values(1, 2, 3, 16, 200)] int levels, [Values] bool codebook)
    {
        RandomStream random = new(5, 1, (uint)count);
        float[] values = [.. Enumerable.Range(0, count).Select(_ => (float)(0.03 * random.NextGaussian()))];
        QuantizedVector numbers = codebook ? QuantizedVector.Codebook(values, levels) : QuantizedVector.Even(values, levels);
        BitMessage message = numbers.ToMessage();
        QuantizedVector read = QuantizedVector.Of(new BitMessage(message.Bytes, message.Length));
        Assert.That(read.ToArray(), Is.EqualTo(numbers.ToArray()));
        Assert.That(read.Levels, Is.EqualTo(numbers.Levels));
        Assert.That(read.HasCodebook, Is.EqualTo(codebook));

        // Elias's γ of count + 1 and of K, a bit, the levels; then what the arithmetic code's probabilities say.
        int k = numbers.Levels.Count;
        double head = Gamma(count + 1) + 1 + Gamma(k) + (codebook ? 16 * k : 6);
        Assert.That(message.Length - head - numbers.IdealIndexBits(), Is.InRange(k == 1 ? 0 : -0.01, k == 1 ? 0 : 2.1));
        Assert.That(numbers.Levels, Is.Ordered);

        static int Gamma(int n) => (2 * (int)Math.Floor(Math.Log2(n))) + 1;
    }

    /// <summary>
    /// Kraft's inequality, on which the bound stands: of all vectors of up to 5 numbers on up to 3 even levels at one step no
    /// message begins another.
    /// </summary>
    [Test]
    public void NoMessageBeginsAnother()
    {
        List<string> messages = [Bits(QuantizedVector.Empty.ToMessage())];
        for (int levels = 1; levels <= 3; levels++)
        {
            for (int count = 1; count <= 5; count++)
            {
                for (int code = 0; code < Math.Pow(levels, count); code++)
                {
                    float[] values = [.. Enumerable.Range(0, count).Select(
                        i => (float)(((int)(code / Math.Pow(levels, i)) % levels) - ((levels - 1) / 2d)))];
                    QuantizedVector numbers = QuantizedVector.Even(values, levels);
                    Assert.That(numbers.ToArray(), Is.EqualTo(values));
                    messages.Add(Bits(numbers.ToMessage()));
                }
            }
        }

        messages.Sort(StringComparer.Ordinal);
        Assert.That(messages, Is.Unique);
        Assert.That(
            messages.Zip(messages.Skip(1)).Where(pair => pair.Second.StartsWith(pair.First, StringComparison.Ordinal)), Is.Empty);
        double sum = messages.Sum(message => Math.Pow(2, -message.Length));
        Assert.That(sum, Is.LessThan(1).And.GreaterThan(0.5), "the bit of no numbers is half of all");

        static string Bits(BitMessage message) =>
            string.Concat(Enumerable.Range(0, (int)message.Length).Select(i => message[i] ? '1' : '0'));
    }

    [Test]
    public void LevelsLieWhereTheNumbersAre()
    {
        float[] values = [-1, -1.125f, -0.875f, 0, 2, 2.25f, 1.75f];
        Assert.That(QuantizedVector.Codebook(values, 3).Levels, Is.EqualTo(new[] { -1f, 0, 2 }));
        Assert.That(QuantizedVector.Codebook(values, 50).ToArray(), Is.EqualTo(values), "as many levels as there are numbers");
        Assert.That(QuantizedVector.Codebook([3, 3, 3], 5).Levels, Is.EqualTo(new[] { 3f }));
        QuantizedVector even = QuantizedVector.Even([-2, 0, 1.9f, 0.1f], 5);
        Assert.That(even.Levels, Is.EqualTo(new[] { -2f, -1, 0, 1, 2 }));
        Assert.That(even.ToArray(), Is.EqualTo(new[] { -2f, 0, 2, 0 }));
        Assert.That(even.Like([0.6f, -9]).ToArray(), Is.EqualTo(new[] { 1f, -2 }), "other numbers on the same levels");
        Assert.That(even.Like([0.6f, -9]).ToMessage().Length, Is.EqualTo(
            QuantizedVector.Of(even.Like([0.6f, -9]).ToMessage()).ToMessage().Length));
        Assert.That(() => QuantizedVector.Empty.Like([1]), Throws.ArgumentException);
        Assert.That(QuantizedVector.Codebook([1e6f, -1e6f], 2).Levels, Is.EqualTo(new[] { -65504f, 65504 }), "half precision");
    }

    /// <summary>Of one value throughout the counts tell nearly all: 10,000 numbers in a few bytes.</summary>
    [Test]
    public void RareNumbersCostLittle()
    {
        float[] values = new float[10_000];
        values[77] = 1;
        values[5000] = -1;
        Assert.That(QuantizedVector.Even(values, 3).ToMessage().Length, Is.LessThan(110));
    }

    [Test]
    public void WhatIsNoMessageIsRefused()
    {
        BitMessage message = QuantizedVector.Even([1, 0, -1, 1, 1, 0], 3).ToMessage();
        Assert.That(message.Length, Is.LessThan(40));
        byte[] bytes = message.Bytes.ToArray();
        Assert.That(() => QuantizedVector.Of(new BitMessage(bytes.AsSpan(0, 2), 16)), Throws.InstanceOf<FormatException>());
        Assert.That(() => QuantizedVector.Of(new BitMessage([0, 0, 0, 0, 0], 40)), Throws.InstanceOf<FormatException>());
        Assert.That(() => QuantizedVector.Of(new BitMessage([0xC0], 2)), Throws.InstanceOf<FormatException>(), "a bit too many");
        Assert.That(() => new BitMessage(bytes, message.Length + 8), Throws.ArgumentException);
        Assert.That(() => QuantizedVector.Even([1, float.NaN], 3), Throws.ArgumentException);
        Assert.That(() => QuantizedVector.Codebook([], 3), Throws.ArgumentException);
        Assert.That(() => QuantizedVector.Even([1], 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(QuantizedVector.Of(new BitMessage([0x80], 1)).Count, Is.Zero);
    }
}
