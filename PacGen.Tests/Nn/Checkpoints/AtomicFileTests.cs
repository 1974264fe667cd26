using PacGen.Core.Files;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>What dead processes leave is recognised by its lock, and what is somebody's own is left alone.</summary>
internal sealed class AtomicFileTests
{
    [Test]
    public void WhatADeadProcessLeftIsRemovedAndNothingElse()
    {
        using TemporaryFolder folder = new();
        string path = folder["w.safetensors"], dead = $"{path}.0123456789abcdef.partial",
            alive = $"{path}.fedcba9876543210.partial";
        string[] others = [
            folder["v.safetensors.0123456789abcdef.partial"], $"{path}.partial", $"{path}.1.partial",
            $"{path}.0123456789abcdeg.partial"];
        foreach (string file in others.Append(dead))
        {
            File.WriteAllText(file, "half");
        }

        using (new FileStream(alive, FileMode.CreateNew, FileAccess.Write, FileShare.Delete))
        {
            AtomicFile.Write(path, stream => stream.WriteByte(1));
            Assert.That(File.Exists(dead), Is.False);
            Assert.That(File.Exists(alive), Is.True, "somebody writes it");
        }

        AtomicFile.Write(path, stream => stream.WriteByte(2));
        Assert.That(folder.Contents, Is.EquivalentTo(others.Append(path).Select(Path.GetFileName)));
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 2 }));
    }

    /// <summary>
    /// In a container each start may have the same process id: two writes of one process stand for two of them.
    /// </summary>
    [Test]
    public void AWriteThatFailsLeavesWhatWasThereAndNothingInTheWay()
    {
        using TemporaryFolder folder = new();
        AtomicFile.Write(folder["w"], stream => stream.WriteByte(1));
        Assert.That(
            () => AtomicFile.Write(folder["w"], _ => throw new IOException("full")),
            Throws.TypeOf<IOException>().With.Message.EqualTo("full"));
        Assert.That(folder.Contents, Is.EqualTo(new[] { "w" }));
        Assert.That(File.ReadAllBytes(folder["w"]), Is.EqualTo(new byte[] { 1 }));
    }

    [Test]
    public void ALinkIsFollowedOrReplaced()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["target"], "old");
        File.CreateSymbolicLink(folder["link"], folder["target"]);
        AtomicFile.Write(folder["link"], stream => stream.WriteByte((byte)'1'));
        Assert.That(
            (File.ReadAllText(folder["target"]), new FileInfo(folder["link"]).LinkTarget), Is.EqualTo(("1", folder["target"])));
        AtomicFile.Write(folder["link"], stream => stream.WriteByte((byte)'2'), throughLink: false);
        Assert.That(
            (File.ReadAllText(folder["target"]), File.ReadAllText(folder["link"]), new FileInfo(folder["link"]).LinkTarget),
            Is.EqualTo(("1", "2", (string?)null)));
    }

    [Test]
    public void AClaimLeavesAPersonsFilesAlone()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["in-use"], "mine");
        File.WriteAllText(folder[FolderClaim.FileName], "mine too");
        using (new FolderClaim(folder.Path))
        {
            Assert.That(() => new FolderClaim(folder.Path), Throws.TypeOf<IOException>().With.Message.Contains(
                "another run works in it"));
        }

        new FolderClaim(folder.Path).Dispose();
        Assert.That(
            (File.ReadAllText(folder["in-use"]), File.ReadAllText(folder[FolderClaim.FileName])),
            Is.EqualTo(("mine", "mine too")));
    }

    /// <summary>A claim's file comes and goes between any two steps of another's try.</summary>
    [Test]
    public void ClaimsOfAPartComeAndGoWithoutErrors()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.Path);
        int taken = 0;
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 500; i++)
            {
                using FolderClaim? claim = FolderClaim.TryTake(folder.Path, "part.lock");
                if (claim is not null)
                {
                    Interlocked.Increment(ref taken);
                    claim.Delete();
                }
            }
        });
        Assert.That(taken, Is.Positive);
    }
}
