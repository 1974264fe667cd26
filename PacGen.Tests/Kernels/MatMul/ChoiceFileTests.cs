using PacGen.Kernels;
using PacGen.Tests.Nn;

namespace PacGen.Tests.Kernels;

internal sealed class ChoiceFileTests
{
    private TemporaryFolder folder = null!;

    private string Path => folder["cache", "tiles.txt"];

    [SetUp]
    public void MakeFolder() => folder = new();

    [TearDown]
    public void DeleteFolder() => folder.Dispose();

    [Test]
    public void ChoicesAreKept()
    {
        ChoiceFile file = new(Path, "maker");
        Assert.That(file.Read(), Is.Empty);
        file.Add("one", "a");
        file.Add("two", "b");
        file.Add("one", "c");
        Assert.That(
            new ChoiceFile(Path, "maker").Read(),
            Is.EquivalentTo(new Dictionary<string, string> { ["one"] = "c", ["two"] = "b" }));
        Assert.That(File.ReadAllText(Path), Is.EqualTo("maker\none\tc\ntwo\tb\n"));
    }

    [TestCase("")]
    [TestCase("another maker\none\ta\n")]
    [TestCase("maker\none\ta\ntwo\n")]
    [TestCase("maker\n\ta\n")]
    [TestCase("maker\none\t\n")]
    [TestCase("maker\none\ta\tb\n")]
    [TestCase("\0\u0001\uffff")]
    public void WhatIsDamagedOrAnothersIsWrittenAnew(string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        File.WriteAllText(Path, text);
        ChoiceFile file = new(Path, "maker");
        Assert.That(file.Read(), Is.Empty);
        file.Add("three", "d");
        Assert.That(File.ReadAllText(Path), Is.EqualTo("maker\nthree\td\n"));
    }

    [Test]
    public void WhereNothingCanBeWrittenNothingIs()
    {
        File.WriteAllText(folder["cache"], "a file in the folder's place");
        ChoiceFile file = new(Path, "maker");
        Assert.That(() => file.Add("one", "a"), Throws.Nothing);
        Assert.That(file.Read(), Is.Empty);
    }

    /// <summary>Choices may be lost, but the file is whole at any time.</summary>
    [Test]
    public void TwoThatWriteAtATimeLeaveAWholeFile()
    {
        new ChoiceFile(Path, "maker").Add("first", "a");
        Parallel.For(0, 4, writer =>
        {
            for (int i = 0; i < 8; i++)
            {
                new ChoiceFile(Path, "maker").Add($"{writer}.{i}", "a");
                Assert.That(new ChoiceFile(Path, "maker").Read(), Does.ContainKey("first"));
            }
        });
        Assert.That(folder.Contents, Is.EquivalentTo(new[] { "cache", System.IO.Path.Combine("cache", "tiles.txt") }));
    }
}
