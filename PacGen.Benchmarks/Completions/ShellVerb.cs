using System.CommandLine;
using PacGen.Benchmarks.CommandLine;

namespace PacGen.Benchmarks.Completions;

/// <summary>
/// <c>completion SHELL</c>: a script with which a shell asks the program how a command line may go on. The program answers by the
/// directive <c>[suggest:POSITION]</c>, so the script knows no verb and stays right.
/// </summary>
internal sealed class ShellVerb : Verb
{
    // Bash 3.2, which macOS has, knows no mapfile. -o default completes files where there is nothing to suggest.
    private const string BashScript = """
        # Completions of pacgen for bash, in ~/.bashrc:  source <(pacgen completion bash)
        _pacgen()
        {
            local IFS=$'\n' current=${COMP_WORDS[COMP_CWORD]}
            COMPREPLY=($(compgen -W "$(pacgen "[suggest:$COMP_POINT]" "$COMP_LINE" 2> /dev/null)" -- "$current"))
        }
        complete -o default -F _pacgen pacgen
        """;

    private const string ZshScript = """
        #compdef pacgen
        # Completions of pacgen for zsh, in ~/.zshrc after compinit:  source <(pacgen completion zsh)
        _pacgen()
        {
            local line="${(j: :)words[1,CURRENT]}"
            local -a found=("${(@f)$(pacgen "[suggest:${#line}]" "$line" 2> /dev/null)}")
            [[ -n "$found" ]] && compadd -- "${found[@]}" || _files
        }
        compdef _pacgen pacgen
        """;

    private const string FishScript = """
        # Completions of pacgen for fish:  pacgen completion fish > ~/.config/fish/completions/pacgen.fish
        complete -c pacgen -a '(pacgen "[suggest]" (commandline -cp) 2> /dev/null)'
        """;

    private const string PowerShellScript = """
        # Completions of pacgen for PowerShell:  pacgen completion powershell >> $PROFILE
        Register-ArgumentCompleter -Native -CommandName pacgen -ScriptBlock {
            param($word, $command, $position)
            $line = $command.ToString().PadRight($position - $command.Extent.StartOffset)
            pacgen "[suggest:$($line.Length)]" $line 2> $null | Where-Object { $_ -like "$word*" } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
            }
        }
        """;

    private readonly string script;

    private ShellVerb(Host host, string name, string description, string script)
        : base(host, new Command(name, description)) => this.script = script;

    /// <summary>One verb a shell.</summary>
    public static ShellVerb[] All(Host host) =>
    [
        new(host, "bash", "For bash: source <(pacgen completion bash)", BashScript),
        new(host, "zsh", "For zsh, after compinit: source <(pacgen completion zsh)", ZshScript),
        new(host, "fish", "For fish: pacgen completion fish > ~/.config/fish/completions/pacgen.fish", FishScript),
        new(host, "powershell", "For PowerShell: pacgen completion powershell >> $PROFILE", PowerShellScript),
    ];

    /// <summary>Writes the script.</summary>
    protected override int Run(ParseResult parsed)
    {
        Host.Output.Write($"{script.ReplaceLineEndings("\n")}\n");
        return 0;
    }
}
