using System.CommandLine;
using PacGen.Benchmarks.Reporting;
namespace PacGen.Benchmarks.Figures;
internal sealed class Figure2(Host host) : Figure(host, 2, "x")
{
    protected override void Draw(ParseResult parsed, int width, Terminal terminal, Action<string, Action<Stream>> write) { }
}
