using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;
using Spectre.Console;

namespace PacGen.Benchmarks.Reporting;

/// <summary>
/// Loads a data set and shows what is downloaded for it: a bar a file on a terminal, two lines a file elsewhere.
/// </summary>
internal static class DownloadReport
{
    /// <summary>Loads a data set.</summary>
    /// <param name="terminal">Where to show downloads.</param>
    /// <param name="name">The data set.</param>
    /// <param name="options">Where to look; its progress is shown here.</param>
    /// <param name="cancellation">Stops a download.</param>
    public static Dataset Load(Terminal terminal, string name, DataOptions options, CancellationToken cancellation)
    {
        if (!terminal.IsInteractive)
        {
            return Load(new PlainProgress(terminal));
        }

        return terminal.Console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new DownloadedColumn(),
                new TransferSpeedColumn(), new RemainingTimeColumn())
            .Start(context => Load(new BarProgress(context)));

        Dataset Load(IProgress<DownloadProgress> progress) => Datasets.Load(
            name,
            new DataOptions
            {
                Folder = options.Folder,
                AllowDownload = options.AllowDownload,
                ImageSide = options.ImageSide,
                Table = options.Table,
                Progress = progress,
            },
            cancellation);
    }

    private sealed class BarProgress(ProgressContext context) : IProgress<DownloadProgress>
    {
        private readonly Dictionary<string, ProgressTask> tasks = [];

        public void Report(DownloadProgress value)
        {
            if (!tasks.TryGetValue(value.File, out ProgressTask? task))
            {
                task = tasks[value.File] = context.AddTask(Markup.Escape($"{value.File} from {value.Source.Host}"));
            }

            task.IsIndeterminate = value.Total is null;
            task.MaxValue = value.Total ?? Math.Max(value.Received, 1);
            task.Value = value.Received;
        }
    }

    private sealed class PlainProgress(Terminal terminal) : IProgress<DownloadProgress>
    {
        private Uri? source;
        private string? done;

        public void Report(DownloadProgress value)
        {
            if (value.Received == 0 && value.Source != source)
            {
                source = value.Source;
                terminal.Line(Prose.Line($"""
                    downloading {value.File} from {value.Source.Host}{(value.Total is { } total ? $" ({Megabytes(total)})" : "")}
                    """));
            }
            else if (value.Received == value.Total && done != value.File)
            {
                done = value.File;
                terminal.Line($"downloaded {value.File} ({Megabytes(value.Received)})");
            }
        }

        private static string Megabytes(long bytes) => $"{bytes / 1e6:F1} MB";
    }
}
