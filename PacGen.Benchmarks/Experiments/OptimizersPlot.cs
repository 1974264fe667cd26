using PacGen.Plots;
using PacGen.Benchmarks.Runs;
using ScottPlot;
using ScottPlot.Plottables;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// The picture of <see cref="OptimizersExperiment"/>: the methods' test accuracies, and their validation accuracies on the way.
/// </summary>
internal static class OptimizersPlot
{
    // More colours than these can't be told apart where the curves lie this close.
    private const int Named = 5;

    private static readonly Color Others = Color.FromHex("#BDBDBD");

    /// <summary>Draws both.</summary>
    /// <param name="title">What was trained on what.</param>
    /// <param name="findings">The methods: at least one whose runs all came to their end.</param>
    public static Page Draw(string title, OptimizersFindings findings)
    {
        MethodResult[] worstFirst = [.. findings.Ranked.Reverse()];
        Page page = new(title, 1600, Math.Max(640, 160 + (44 * worstFirst.Length)));
        page.AddRows(2, Tests(worstFirst), OnTheWay(findings.Ranked));
        return page;
    }

    private static Panel Tests(MethodResult[] methods)
    {
        int seeds = methods[0].Tests.Length;
        double[] all = [.. methods.SelectMany(one => one.Tests).Select(value => 100 * value)];
        double span = Math.Max(all.Max() - all.Min(), 1);
        Panel panel = new(
            seeds > 1 ? $"after the last epoch: {seeds} seeds, their mean, and Student's 95 % interval" : "after the last epoch",
            new Axis("test accuracy, %") { Ends = (all.Min() - (0.3 * span), Math.Min(100, all.Max() + (0.3 * span))) },
            new Axis("") { Places = [.. methods.Select(one => one.Method.At(one.Best!.Value))] });
        double[] places = [.. methods.Select((_, i) => (double)i)];
        if (seeds > 1)
        {
            ErrorBarOf(panel, methods, places);
        }

        panel.Add(new Curve("", [.. methods.SelectMany(one => one.Tests.Select(value => 100 * value))],
            [.. methods.SelectMany((one, i) => one.Tests.Select(_ => (double)i))])
        {
            Width = 0, Marker = MarkerShape.OpenCircle, MarkerSize = 7, Color = Look.ColorOf(5),
        });
        panel.Add(new Curve("", [.. methods.Select(one => 100 * one.Test.Mean)], places)
        {
            Width = 0, Marker = MarkerShape.FilledCircle, MarkerSize = 10, Color = Look.ColorOf(0),
        });
        return panel;
    }

    private static void ErrorBarOf(Panel panel, MethodResult[] methods, double[] places)
    {
        double[] halves = [.. methods.Select(one => 100 * one.Test.HalfWidth)];
        ErrorBar bars = new([.. methods.Select(one => 100 * one.Test.Mean)], places, halves, halves, null, null);
        panel.Plot.PlottableList.Add(bars);
        bars.LineStyle.Color = Look.ColorOf(0);
        bars.LineStyle.Width = 2;
    }

    private static Panel OnTheWay(MethodResult[] methods)
    {
        Panel panel = new(
            "on the way, mean over the seeds", new Axis("gradients, in passes over the training images") { Whole = true },
            new Axis("validation accuracy, %"));
        MethodResult[] named = [.. methods.Where((one, rank) => rank < Named || one.Method.IsPlain)];
        MethodResult[] others = [.. methods.Except(named)];
        foreach ((int o, MethodResult other) in others.Index())
        {
            panel.Add(Of(other) with { Name = o == 0 ? "the others" : "", Color = Others, Width = 1.5f });
        }

        foreach ((int n, MethodResult one) in named.Index())
        {
            panel.Add(Of(one) with
            {
                Color = Look.ColorOf(n), Pattern = one.Method.IsPlain ? LinePattern.Dashed : LinePattern.Solid,
                Marker = Look.MarkerOf(n), MostMarks = 12,
            });
        }

        return panel;

        static Curve Of(MethodResult one)
        {
            RunEpoch[][] runs = [.. one.Chosen!.Records.Select(record => record.Epochs.ToArray())];
            return new Curve(
                one.Method.At(one.Best!.Value), [.. runs[0].Select(epoch => (double)epoch.Epoch * one.Method.Passes)],
                [.. runs[0].Select((_, e) => 100 * runs.Average(run => run[e].TestAccuracy))]);
        }
    }
}
