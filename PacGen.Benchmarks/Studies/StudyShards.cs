using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>
/// Parts of a study that processes do apart, on one machine or on many: each has a folder with a SQLite file of its own in the
/// study's folder, which no other writes. What is done there is taken over when the whole study is run.
/// </summary>
internal static class StudyShards
{
    private const string Prefix = "shard-", Infix = "-of-";

    /// <summary>Opens the part of one shard.</summary>
    /// <param name="folder">The whole study's folder.</param>
    /// <param name="shard">Which part.</param>
    /// <exception cref="IOException">Another process works in it, or it can't be written.</exception>
    /// <exception cref="CheckpointException">The file is damaged or no study.</exception>
    public static StudyStore Open(string folder, Shard shard) =>
        StudyStore.Open(Path.Combine(folder, $"{Prefix}{shard.Index}{Infix}{shard.Count}"), alone: true);

    /// <summary>Takes over all runs that shards have done and the study has not.</summary>
    /// <param name="store">The whole study.</param>
    /// <param name="terminal">Where a person reads.</param>
    /// <exception cref="CheckpointException">A part's file is damaged or no study.</exception>
    public static void Gather(StudyStore store, Terminal terminal)
    {
        foreach (string folder in Directory.GetDirectories(store.Folder, $"{Prefix}*{Infix}*").Order(StringComparer.Ordinal))
        {
            if (!File.Exists(Path.Combine(folder, StudyStore.FileName)))
            {
                continue;
            }

            string name = Path.GetFileName(folder);
            try
            {
                using StudyStore part = StudyStore.Open(folder, alone: true);
                terminal.Line($"{name}: {Take(store, part, name)} runs taken over");
            }
            catch (IOException)
            {
                terminal.Line($"{name} is still at work: what it does is done here too where it doesn't end before");
            }
        }
    }

    private static int Take(StudyStore store, StudyStore part, string name)
    {
        StoredRuns here = new(store.Runs());
        ILookup<int, StoredEpoch> epochs = part.Epochs().ToLookup(epoch => epoch.Run);
        ILookup<int, StoredMoment> moments = part.Moments().ToLookup(moment => moment.Run);
        ILookup<int, StoredMeasure> measures = part.Measures(layers: true).ToLookup(measure => measure.Run);
        int taken = 0;
        foreach (StoredRun run in part.Runs().Where(run => run.State is StudyRunState.Done or StudyRunState.Failed))
        {
            if (here.Find(run.Settings, run.Seed) is not { State: not (StudyRunState.Done or StudyRunState.Failed) } own)
            {
                continue;
            }

            store.Take(
                own.Run, run, epochs[run.Run],
                moments[run.Run].Select(moment => moment with { Weights = $"{name}/{moment.Weights}" }), measures[run.Run]);
            taken++;
        }

        return taken;
    }
}
