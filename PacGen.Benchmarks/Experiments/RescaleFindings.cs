using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using PacGen.Nn;
using PacGen.Nn.Data;

namespace PacGen.Benchmarks.Experiments;

/// <summary>What the points of <see cref="RescaleExperiment"/> say of section 6's claim, in words.</summary>
internal sealed class RescaleFindings(
    IReadOnlyList<RescalePoint> points, RescaleSettings settings, RescaleMeasures measures, IReadOnlyList<Parameter> parameters, Dataset set, EpochResult trained)
{
    /// <summary>The findings, a paragraph each.</summary>
    public IReadOnlyList<string> Paragraphs => ["todo"];

    /// <summary>A page with the setting, the picture, the table and the findings.</summary>
    public string Markdown(string title, string command, string picture, string numbers, int? planned) => "";
}
