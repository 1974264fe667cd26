using PacGen.Benchmarks.Reporting;
using PacGen.Plots;

namespace PacGen.Benchmarks.Training;

/// <summary>What is made of the epochs of one run, or of several that differ by their seeds: curves, and numbers.</summary>
internal sealed record TrainFindings
{
    /// <summary>What was trained on what.</summary>
    public required string Title { get; init; }

    /// <summary>Where the curves are to be drawn; null for nowhere.</summary>
    public string? Plot { get; init; }

    /// <summary>How large they are drawn.</summary>
    public PageSize Size { get; init; }

    /// <summary>How many of their panels stand in a row.</summary>
    public int Columns { get; init; } = 2;

    /// <summary>Where the numbers are to be written; null for nowhere.</summary>
    public string? Csv { get; init; }

    /// <summary>Writes the report on what is given, where one is asked for, and says where it is.</summary>
    public required Func<Func<IReadOnlyList<PageBlock>>, string?> Report { get; init; }

    /// <summary>Writes all that was asked for.</summary>
    /// <param name="lead">What was trained on what and how, a paragraph each.</param>
    /// <param name="runs">The runs: at least one with an epoch.</param>
    /// <param name="kept">Notified of each file.</param>
    /// <param name="problem">Notified of each that can't be written.</param>
    /// <returns>Whether all could be written.</returns>
    public bool Write(
        IReadOnlyList<string> lead, IReadOnlyList<SeedRun> runs, Action<string> kept, Action<string> problem)
    {
        bool all = Try(Plot, path =>
        {
            string seeds = runs.Count > 1 ? $": mean and range of {runs.Count} seeds" : "";
            byte[] drawn = TrainingPlot.Draw(
                path, $"{Title}{seeds}", Size, Columns, new TrainingCurves("", [.. runs.Select(run => run.Epochs)]));
            OutputFile.Write(path, "--plot", stream => stream.Write(drawn));
            kept($"curves → {path}");
        });
        all &= Try(Csv, path =>
        {
            CsvText.Write(path, SeedMeans.Csv(runs));
            kept($"numbers → {path}");
        });
        return Try("", _ =>
        {
            if (Report(() => TrainPage.Of(lead, runs)) is { } written)
            {
                kept(written);
            }
        }) && all;

        bool Try(string? path, Action<string> write)
        {
            try
            {
                if (path is not null)
                {
                    write(path);
                }

                return true;
            }
            catch (IOException error)
            {
                problem(error.Message);
                return false;
            }
        }
    }
}
