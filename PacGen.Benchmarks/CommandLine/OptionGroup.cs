using System.CommandLine;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>Options that belong together.</summary>
internal abstract class OptionGroup
{
    /// <summary>The options, in the help's order.</summary>
    public abstract IReadOnlyList<Option> All { get; }

    /// <summary>An option that stands alone.</summary>
    public static implicit operator OptionGroup(Option option) => new Single(option);

    private sealed class Single(Option option) : OptionGroup
    {
        public override IReadOnlyList<Option> All => [option];
    }
}
