using System.CommandLine;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>Options that belong together.</summary>
internal abstract class OptionGroup
{
    /// <summary>What the help calls options that stand alone, and those that every verb has.</summary>
    public const string Usual = "Options", Common = "Common";

    /// <summary>The options, in the help's order.</summary>
    public abstract IReadOnlyList<Option> All { get; }

    /// <summary>What the help calls them.</summary>
    public virtual string Title => Usual;

    /// <summary>What the help calls those among which one of them stands.</summary>
    public virtual string TitleOf(Option option) => Title;

    /// <summary>An option that stands alone.</summary>
    public static implicit operator OptionGroup(Option option) => new Single(option);

    private sealed class Single(Option option) : OptionGroup
    {
        public override IReadOnlyList<Option> All => [option];
    }
}
