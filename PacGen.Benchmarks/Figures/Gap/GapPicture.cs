using PacGen.Plots;
using PacGen.Benchmarks.Studies;

namespace PacGen.Benchmarks.Figures.Gap;

/// <summary>The three panels: the gap by epoch, the measure by epoch, the measure against the gap.</summary>
internal static class GapPicture
{
    private const int MostMarkers = 20;

    /// <summary>Draws them.</summary>
    /// <param name="title">What all of it shows.</param>
    /// <param name="findings">The networks.</param>
    public static Page Draw(string title, GapFindings findings)
    {
        string name = findings.Measure == "pacgen-score" ? "Ψ" : findings.Measure;
        Page page = new(title, 1800, 640);
        page.AddRows(
            3,
            ByEpoch("generalization gap", new Axis("test loss − training loss, nats"), findings.Gaps),
            ByEpoch(name, new Axis(name), findings.Scores),
            Against());
        return page;

        Panel ByEpoch(string heading, Axis axis, Func<string, IReadOnlyList<GapPoint>> points)
        {
            Panel panel = new(
                $"{heading}, mean and range of {findings.Table.Runs.Select(run => run.Seed).Distinct().Count()} seeds",
                Axis.Epochs, axis);
            foreach ((int v, string value) in findings.Values.Index())
            {
                IReadOnlyList<GapPoint> at = points(value);
                if (at.Count > 0)
                {
                    panel.Add(new Curve(
                        $"{GapFigure.Words(findings.Varied)} {value}", [.. at.Select(point => (double)point.Epoch)],
                        [.. at.Select(point => point.Mean)])
                    {
                        Color = Look.ColorOf(v),
                        Marker = Look.MarkerOf(v), MostMarks = MostMarkers,
                        Band = ([.. at.Select(point => point.Low)], [.. at.Select(point => point.High)]),
                    });
                }
            }

            return panel;
        }

        Panel Against()
        {
            GapComparison? drawn = findings.Drawn;
            Panel panel = new(
                drawn is null ? "no networks to compare" : $"{drawn.When}: {drawn.TauText}, {drawn.Rows.Count} networks",
                new Axis("test loss − training loss, nats"), new Axis(name));
            foreach ((int v, string value) in findings.Values.Index())
            {
                StudyRow[] rows = [.. (drawn?.Rows ?? []).Where(row => findings.ValueOf(row) == value)];
                if (rows.Length > 0)
                {
                    panel.Add(new Curve(
                        $"{GapFigure.Words(findings.Varied)} {value}", [.. rows.Select(row => row.LossGap)],
                        [.. rows.Select(row => row.Measures[findings.Measure])])
                    {
                        Color = Look.ColorOf(v), Marker = Look.MarkerOf(v), MarkerSize = 10, Width = 0,
                    });
                }
            }

            return panel;
        }
    }
}
