using PacGen.Core.Files;

namespace PacGen.Tests.Core;

internal sealed class UserCacheTests
{
    /// <summary>Never into the folder that the program happens to be started in.</summary>
    [TestCase(null, "/home/none", "/home/none/.cache/pacgen")]
    [TestCase("", "/home/none", "/home/none/.cache/pacgen")]
    [TestCase("relative", "/home/none", "/home/none/.cache/pacgen")]
    [TestCase("/cache", "", "/cache/pacgen")]
    public void TheCacheLiesAtAWholePath(string? cache, string home, string expected)
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Ignore("Linux's folders.");
        }

        Assert.That(UserCache.FolderOf(cache, home), Is.EqualTo(expected));
        Assert.That(Path.IsPathFullyQualified(UserCache.FolderOf(null, "")));
    }
}
