using System.Diagnostics;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>Runs of <c>train</c> that differ by their seeds, one after the other, and the means of what they end with.</summary>
/// <param name="host">Notified of what is wrong; may stop.</param>
/// <param name="terminal">Where a person reads.</param>
/// <param name="task">What is trained on what and how.</param>
/// <param name="seeds">The seeds.</param>
internal sealed class SeedRuns(Host host, Terminal terminal, TrainingTask task, ulong[] seeds)
{
    private readonly List<SeedRun> whole = [];
    private readonly List<ulong> failed = [];
    private readonly List<string> kept = [];
    private string[] lead = [];
    private bool lacks;

    /// <summary>Where the weights are to be written, with the seed in the name; null for nowhere.</summary>
    public string? Weights { get; init; }

    /// <summary>What is to be made of the epochs.</summary>
    public required TrainFindings Findings { get; init; }

    /// <summary>Trains a network for each seed.</summary>
    /// <param name="first">The network of the first run, whose weights are still to be drawn.</param>
    /// <param name="onEpoch">Called after each epoch with its seed.</param>
    public void Train(Module first, Action<ulong, EpochResult> onEpoch)
    {
        int epochs = task.Options.Epochs;
        Communicator ranks = task.Options.Communicator ?? Communicator.Alone;
        Stopwatch clock = Stopwatch.StartNew();
        for (int i = 0; i < seeds.Length && !host.Stop.On(ranks); i++)
        {
            int number = i;
            TrainingTask own = task.By(seeds[i]);
            Module network = i == 0 ? first : task.Model.Make(task.Images);
            using Trainer trainer = host.Stop.Build(() => new Trainer(network, task.Images, task.Rule, own.Options));
            if (i == 0)
            {
                lead = [.. task.Describe(trainer, $"seeds {string.Join(", ", seeds)}")];
                foreach (string line in lead)
                {
                    terminal.Line(line);
                }
            }

            ProgressReport<TrainingProgress> report = new(terminal, $"seed {seeds[i]}", at => (
                $"seed {seeds[number]} ({number + 1} of {seeds.Length}): {TrainingReport.Where(at)}; {Left(at)} for all",
                (number * epochs) + TrainingReport.Done(at), seeds.Length * epochs));
            try
            {
                _ = report.Show(progress =>
                {
                    trainer.RunUntilStopped(result => onEpoch(seeds[number], result), progress, host.Stop.Token);
                    return true;
                });
            }
            catch (TrainingException error) when (error.Step is not null)
            {
                failed.Add(seeds[i]);
                host.Problem($"seed {seeds[i]}: {error.Message}");
                continue;
            }

            if (trainer.StoppedEarly || trainer.Results.Count == epochs)
            {
                Keep(own, trainer);
            }
        }

        string Left(in TrainingProgress at)
        {
            double done = ((whole.Count + failed.Count) * epochs) + TrainingReport.Done(at);
            return $"{TrainingReport.Left(clock.Elapsed * (((seeds.Length * epochs) - done) / Math.Max(done, 1e-3)))} left";
        }
    }

    /// <summary>Shows the means, writes what is to be left, and says what became of the runs.</summary>
    /// <param name="onMeans">Called with the means as JSON, where there are any.</param>
    /// <returns>The exit code.</returns>
    public int End(Action<JsonObject> onMeans)
    {
        if (whole.Count > 0)
        {
            SeedMeans means = new(whole);
            onMeans(new JsonObject
            {
                ["seeds"] = new JsonArray([.. whole.Select(run => JsonValue.Create(run.Seed))]),
                ["failed"] = new JsonArray([.. failed.Select(seed => JsonValue.Create(seed))]),
                ["means"] = means.Json(),
            });
            terminal.Write(means.Table());
            if (whole.Count > 1)
            {
                terminal.Line(SeedMeans.Remark);
            }

            lacks |= !Findings.Write(lead, whole, kept.Add, host.Problem);
        }

        if (failed.Count > 0)
        {
            host.Problem(Prose.Line($"""
                {failed.Count} of {seeds.Length} runs failed (seed {string.Join(", ", failed)}){(whole.Count == 0 ? "."
                    : ": the means are of those that did not, and so too good.")}
                """));
        }

        if (kept.Count > 0)
        {
            terminal.Line(string.Join("; ", kept));
        }

        if (host.Stop.Requested && whole.Count + failed.Count < seeds.Length)
        {
            string shown = whole.Count > 0 ? ", and in the table" : "";
            host.Problem($"stopped: {whole.Count} of {seeds.Length} runs are whole{shown}.");
            return host.Stop.ExitCode;
        }

        return lacks || failed.Count > 0 ? 1 : 0;
    }

    private void Keep(TrainingTask own, Trainer trainer)
    {
        whole.Add(new SeedRun(own.Options.Seed, [.. trainer.Results]));
        terminal.Line($"seed {own.Options.Seed}: {trainer.Results[^1]}");
        if (Weights is null)
        {
            return;
        }

        trainer.RenewStatistics();
        if (TrainedWeights.Save(
            trainer, file => WeightsFile.Save(file, own.Model, own.Images, trainer, own.Options),
            TrainFiles.Of(Weights, own.Options.Seed), null, out string outcome))
        {
            kept.Add(outcome);
        }
        else
        {
            lacks = true;
            host.Problem($"{outcome}.");
        }
    }
}
