namespace PacGen.Tests.Packages;

/// <summary>The program as a .NET tool, and its completions.</summary>
internal sealed class ToolTests
{
    private UserFolder user = null!;

    private string Tool => user["tools", OperatingSystem.IsWindows() ? "pacgen.exe" : "pacgen"];

    [OneTimeSetUp]
    public void Install()
    {
        user = new UserFolder();
        user.Dotnet(".", "tool", "install", "pacgen", "--tool-path", user["tools"]);
    }

    [OneTimeTearDown]
    public void End() => user.Dispose();

    [Test]
    public void TrainsScoresAndDraws()
    {
        user.Run(".", Tool, "train", "--epochs", "1", "--plot", "curves.svg", "--save", "digits.safetensors");
        Assert.That(File.ReadAllText(user["curves.svg"]), Does.Contain("<svg"));
        Assert.That(user.Run(".", Tool, "score", "--weights", "digits.safetensors", "--json"), Does.Contain("psi"));
    }

    /// <summary>The script as bash runs it, for half a word and for an option's values.</summary>
    [TestCase("pacgen tra", "train")]
    [TestCase("pacgen train --optimizer ad", "adam adamw")]
    [TestCase("pacgen train --dataset mn", "mnist")]
    [TestCase("pacgen train --plot cur", "")]
    public void BashCompletes(string line, string expected)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Ignore("Windows has no bash of its own.");
        }

        string[] words = line.Split(' ');
        string script = $$"""
            PATH="{{user["tools"]}}:$PATH"
            source <(pacgen completion bash)
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_WORDS=({{line}}) COMP_CWORD={{words.Length - 1}}
            complete -p pacgen
            _pacgen
            echo "${COMPREPLY[*]}"
            """;
        string[] output = user.Run(".", "bash", "-c", script).TrimEnd('\n').Split('\n');
        Assert.That(output[0], Is.EqualTo("complete -o default -F _pacgen pacgen"));
        Assert.That(string.Join(' ', output[1..]), Is.EqualTo(expected));
    }

    [TestCase("zsh", "compdef _pacgen pacgen")]
    [TestCase("fish", "complete -c pacgen")]
    [TestCase("powershell", "Register-ArgumentCompleter")]
    public void OtherShellsHaveTheirScript(string shell, string text) =>
        Assert.That(user.Run(".", Tool, "completion", shell), Does.Contain(text).And.Contain("suggest"));
}
