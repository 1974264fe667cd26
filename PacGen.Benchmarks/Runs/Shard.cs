using System.CommandLine;
using System.Globalization;
using PacGen.Benchmarks.CommandLine;

namespace PacGen.Benchmarks.Runs;

/// <summary>One of several parts into which the runs of a command are dealt, such as one task of a scheduler's array.</summary>
/// <param name="Index">Which part, from 1.</param>
/// <param name="Count">How many there are.</param>
internal sealed record Shard(int Index, int Count)
{
    /// <summary>Whether a run belongs to it.</summary>
    /// <param name="run">The run's place among all, from 0.</param>
    public bool Has(int run) => run % Count == Index - 1;

    /// <summary>What tells that only others' runs are left.</summary>
    public string Sentence =>
        $"shard {this} is done: the same command with --shard 1/1 takes what is left and writes the results of all";

    /// <inheritdoc/>
    public override string ToString() => $"{Index}/{Count}";

    /// <summary>The option.</summary>
    public static Option<Shard?> Option() => Options.Make<Shard?>(
        "--shard",
        "i/n",
        Prose.Line("""
            Does every n-th run, from the i-th on, and leaves the others to other processes; without it the place in the array of
            Slurm or Grid Engine that the process is a task of, else all, 1/1
            """),
        word => Parse(word) is { } shard ? (shard, null)
            : (null, $"--shard is '{word}', but must be such as 2/8: which part, from 1, and how many there are."));

    /// <summary>The part that a command line names, or a scheduler's environment; null for all.</summary>
    public static Shard? Of(ParseResult parsed, Option<Shard?> option) => Of(parsed.GetValue(option) ?? OfScheduler());

    private static Shard? Of(Shard? shard) => shard is { Count: 1 } ? null : shard;

    /// <summary>The place in an array of jobs; null outside of one.</summary>
    private static Shard? OfScheduler() =>
        Place("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP")
            ?? Place("SGE_TASK_ID", "SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE");

    private static Shard? Place(string id, string first, string last, string step)
    {
        if (Read(id) is not { } own || Read(first) is not { } least || Read(last) is not { } most)
        {
            return null;
        }

        int by = Math.Max(1, Read(step) ?? 1);
        return own < least || own > most ? null : new Shard(((own - least) / by) + 1, ((most - least) / by) + 1);
    }

    private static Shard? Parse(string word) => word.Split('/') is [var left, var right]
        && int.TryParse(left, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
        && int.TryParse(right, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
        && index >= 1 && index <= count ? new Shard(index, count) : null;

    private static int? Read(string variable) => int.TryParse(
        Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
        ? value : null;
}
