using System.CommandLine;
using PacGen.Benchmarks;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Nn;
using Spectre.Console;

namespace PacGen.Tests.Benchmarks;

/// <summary><c>labels</c>: how many training images each class has. The example of docs/adding-a-verb.md.</summary>
internal sealed class LabelsVerb : Verb
{
    private readonly DataSource data = new();
    private readonly Option<int> least = Options.Count("--least", "Leaves out classes of fewer images", 0, 1);

    public LabelsVerb(Host host)
        : base(host, new Command("labels", "Counts the training images of each class.")) => Add(data.Set, least, data);

    protected override int Run(ParseResult parsed)
    {
        Terminal terminal = TerminalOf(parsed);
        Dataset images = data.Load(parsed, terminal, Host.Stop.Token);
        Table table = Terminal.Table("class", "images");
        foreach ((int label, int count) in images.Train.Labels.ToArray().CountBy(label => (int)label).OrderBy(pair => pair.Key))
        {
            if (count >= parsed.GetValue(least))
            {
                table.AddRow(Markup.Escape(images.ClassNames[label]), $"{count:N0}");
            }
        }

        terminal.Write(table);
        return 0;
    }
}
