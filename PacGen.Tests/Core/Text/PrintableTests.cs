using PacGen.Core.Text;

namespace PacGen.Tests.Core;

internal sealed class PrintableTests
{
    [TestCase("a.png", "a.png")]
    [TestCase("Bilder/größe 日本 𝛼 é.png", "Bilder/größe 日本 𝛼 é.png")]
    [TestCase("a\u001b[31mred\u0007", "a\\u001B[31mred\\u0007")]
    [TestCase("a\u009b31m", "a\\u009B31m")]
    [TestCase("a\r\nb\tc\u0085d\u2028e\u2029f\u007f", "a\\u000D\\u000Ab\\u0009c\\u0085d\\u2028e\\u2029f\\u007F")]
    [TestCase("gnp\u202ea.exe\u2066\u200f\ufeff", "gnp\\u202Ea.exe\\u2066\\u200F\\uFEFF")]
    [TestCase("\U000e0041", "\\uDB40\\uDC41")]
    [TestCase(null, "")]
    public void WhatActsOnATerminalIsSpelledOut(string? name, string shown)
    {
        Assert.That(Printable.Name(name), Is.EqualTo(shown));
        Assert.That(Printable.Name(shown), Is.EqualTo(shown), "once more changes nothing");
    }

    /// <summary>An attribute can't hold a lone surrogate.</summary>
    [Test]
    public void LoneSurrogatesAreSpelledOut() =>
        Assert.That(Printable.Name("a\ud800b" + '\udc00'), Is.EqualTo("a\\uD800b\\uDC00"));

    [Test]
    public void AMessageIsOneLine() => Assert.That(Printable.Message(" no\r\nroom \u001b "), Is.EqualTo("no room \\u001B"));

    [TestCase('x')]
    [TestCase('\u001b')]
    [TestCase('\ud800')]
    public void ALongNameLosesItsMiddle(char filling)
    {
        string shown = Printable.Name("start" + new string(filling, 1_000_000) + "end.png");
        Assert.That(shown, Has.Length.LessThanOrEqualTo(Printable.LongestName));
        Assert.That(shown, Does.StartWith("start").And.EndWith("end.png").And.Contains("…"));
    }
}
