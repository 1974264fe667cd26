using System.Diagnostics;

namespace PacGen.Tests.Packages;

/// <summary>
/// A folder outside the repository in which a person starts with nothing but the SDK and the packages: those of <c>artifacts</c>,
/// and what they depend on. Packages are restored into a folder of its own; those that this machine has are taken from where they
/// lie.
/// </summary>
internal sealed class UserFolder : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pacgen-user-").FullName;

    public UserFolder()
    {
        Assert.That(
            Directory.Exists(Feed) && Directory.EnumerateFiles(Feed, "*.nupkg").Any(),
            $"{Feed} has no packages: dotnet cake --target=Pack");
        Directory.CreateDirectory(this["data"]);
        File.WriteAllText(this["nuget.config"], $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="here" value="{Feed}" />
                <add key="nuget.org" value="https://api.nuget.org/v3/index.json" />
              </packageSources>
              <packageSourceMapping>
                <packageSource key="here"><package pattern="pacgen*" /></packageSource>
                <packageSource key="nuget.org"><package pattern="*" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """);
    }

    /// <summary>The repository's folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Where the build puts packages.</summary>
    public static string Feed { get; } = Path.Combine(Root, "artifacts");

    /// <summary>A file or folder in it.</summary>
    public string this[params string[] parts] => Path.Combine([folder, .. parts]);

    /// <summary>The code block of that number, from 0, in a language, of a package's README.</summary>
    public static string Snippet(string readme, string language, int number)
    {
        string[] parts = File.ReadAllText(Path.Combine(Root, readme)).ReplaceLineEndings("\n").Split($"\n```{language}\n");
        return parts[number + 1].Split("\n```")[0] + "\n";
    }

    /// <summary>A project as <c>dotnet new console</c> makes it, with packages added by name.</summary>
    public void NewConsole(string name, params string[] packages)
    {
        Dotnet(".", "new", "console", "--output", name, "--no-restore");
        foreach (string package in packages)
        {
            Dotnet(name, "add", "package", package);
        }
    }

    /// <summary>Runs <c>dotnet</c>, which must succeed.</summary>
    /// <returns>Standard output.</returns>
    public string Dotnet(string where, params string[] words) => Run(where, "dotnet", words);

    /// <summary>Runs a program, which must succeed.</summary>
    /// <returns>Standard output.</returns>
    public string Run(string where, string program, params string[] words)
    {
        (int code, string output, string error) = Try(where, program, words);
        Assert.That(code, Is.Zero, $"{program} {string.Join(' ', words)}\n{output}\n{error}");
        return output;
    }

    /// <summary>Runs a program.</summary>
    public (int Code, string Output, string Error) Try(string where, string program, params string[] words)
    {
        ProcessStartInfo start = new(program, words)
        {
            WorkingDirectory = this[where],
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
        };
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(home, ".nuget", "packages");
        foreach (string own in start.Environment.Keys.Where(
            key => key.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)
                || key.StartsWith("PACGEN_", StringComparison.Ordinal)).ToArray())
        {
            // The test host's own build settings are not the user's.
            start.Environment.Remove(own);
        }

        (string, string)[] settings =
        [
            ("NUGET_PACKAGES", this["packages"]), ("NUGET_FALLBACK_PACKAGES", cache), ("XDG_DATA_HOME", this["data"]),
            ("DOTNET_NOLOGO", "1"), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_CLI_UI_LANGUAGE", "en"),

            // Nothing that a build starts may outlive it.
            ("MSBUILDDISABLENODEREUSE", "1"), ("DOTNET_CLI_USE_MSBUILD_SERVER", "0"), ("UseSharedCompilation", "false"),
        ];
        foreach ((string name, string value) in settings)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.ReplaceLineEndings("\n"), error.Result);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string FindRoot()
    {
        string? found = AppContext.BaseDirectory;
        while (found is not null && !File.Exists(Path.Combine(found, "PacGen.slnx")))
        {
            found = Path.GetDirectoryName(found);
        }

        return found ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} has PacGen.slnx.");
    }
}
