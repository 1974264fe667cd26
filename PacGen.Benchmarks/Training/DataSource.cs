using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Nn.Data;

namespace PacGen.Benchmarks.Training;

/// <summary>The options that say where images come from.</summary>
internal sealed class DataSource
{
    private readonly Option<string?> folder = Options.Path(
        "--data", "The folder of the IDX files; without it PACGEN_DATA, ./data, the distribution's folder and the cache are looked through", "folder");

    private readonly Option<bool> noDownload = Options.Flag("--no-download", "Don't download files that are nowhere to be found");

    /// <summary>Gives a verb these options.</summary>
    public void AddTo(Command command)
    {
        command.Add(folder);
        command.Add(noDownload);
    }

    /// <summary>Loads a data set, with a bar for each file that must be downloaded.</summary>
    /// <exception cref="DataException">It can't be had.</exception>
    public Dataset Load(ParseResult parsed, string name, Terminal terminal, CancellationToken cancellation) =>
        DownloadReport.Load(terminal, name, parsed.GetValue(folder), !parsed.GetValue(noDownload), cancellation);
}
