namespace PacGen.Tests.Packages;

/// <summary>Programs of the library's packages, in a project without any setting and in a script.</summary>
internal sealed class LibraryTests
{
    private UserFolder user = null!;

    [OneTimeSetUp]
    public void Start() => user = new UserFolder();

    [OneTimeTearDown]
    public void End() => user.Dispose();

    /// <summary>What the package's README begins with: it trains, evaluates, scores, draws and certifies.</summary>
    [Test]
    public void TheReadmesProgramRunsInAPlainProject()
    {
        user.NewConsole("plain", "PacGen.Nn", "PacGen.Plots");
        File.WriteAllText(user["plain", "Program.cs"], UserFolder.Snippet("PacGen.Nn/README.md", "csharp", 0));
        string output = user.Dotnet("plain", "run");
        string bin = user["plain", "bin"];
        Assert.Multiple(() =>
        {
            Assert.That(output, Does.Contain("epoch  20").And.Contain("accuracy").And.Contain("Ψ").And.Contain("at most"));
            Assert.That(File.ReadAllBytes(user["plain", "curves.png"])[1..4], Is.EqualTo("PNG"u8.ToArray()));
            Assert.That(Directory.EnumerateFiles(bin, "libSkiaSharp.pdb", SearchOption.AllDirectories), Is.Empty);
            Assert.That(Directory.EnumerateDirectories(bin, "*riscv64", SearchOption.AllDirectories), Is.Empty);
        });
    }

    /// <summary>The codec is a package of its own, and the error names it.</summary>
    [Test]
    public void ImageFilesAskForTheirPackage()
    {
        // A PNG of one pixel.
        const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        user.NewConsole("images", "PacGen.Nn");
        File.WriteAllText(user["images", "Program.cs"], $$"""
            using PacGen.Nn;
            foreach (string file in (string[])["train/a/1.png", "train/b/1.png", "test/a/2.png", "test/b/2.png"])
            {
                string path = Path.Combine("photos", file);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllBytes(path, Convert.FromBase64String("{{Png}}"));
            }

            try
            {
                Console.WriteLine(Datasets.Load("folder:photos", new DataOptions { CacheFolder = "cache" }));
            }
            catch (DataException error)
            {
                Console.WriteLine(error.Message);
            }
            """);
        Assert.That(user.Dotnet("images", "run"), Does.Contain("dotnet add package PacGen.Images"));
        Assert.That(File.ReadAllText(user["images", "obj", "project.assets.json"]), Does.Not.Contain("SkiaSharp"));
        user.Dotnet("images", "add", "package", "PacGen.Images");
        Assert.That(user.Dotnet("images", "run"), Does.StartWith("folder:photos"));
    }

    [Test]
    public void AScriptNamesThePackage()
    {
        File.WriteAllText(user["script.cs"], UserFolder.Snippet("PacGen.Nn/README.md", "csharp", 2));
        Assert.That(user.Dotnet(".", "run", "script.cs"), Does.Contain("epoch  10"));
    }

    /// <summary>The tutorial's script, as a reader copies it.</summary>
    [Test]
    public void TheTutorialsScriptRunsAsItStands()
    {
        File.WriteAllText(user["first.cs"], UserFolder.Snippet("docs/tutorial.md", "csharp", 0));
        Assert.That(
            user.Dotnet(".", "run", "first.cs"),
            Does.Contain("epoch  10").And.Match(@"at most 0\.\d+ with probability 0\.965"));
    }
}
