using PacGen.Plots;

namespace PacGen.Benchmarks.Measuring;

/// <summary>The plots of a report on measures: their values, and what they cost.</summary>
internal static class MeasurePlots
{
    /// <summary>The panels with their heights; none where there is nothing to show.</summary>
    /// <param name="rows">What became of each measure.</param>
    public static IReadOnlyList<(Panel Panel, int Height)> Of(IReadOnlyList<MeasuredRow> rows)
    {
        MeasuredRow[] fromBelow =
            [.. rows.Where(row => row.Found is { Value: not 0 } found && double.IsFinite(found.Value)).Reverse()];
        if (fromBelow.Length == 0)
        {
            return [];
        }

        int height = 110 + (20 * fromBelow.Length);
        string[] names = [.. fromBelow.Select(row => row.Measure.Name)];
        Panel values = new(
            "Values, of negative ones the size", new Axis("value (logarithmic)", true), new Axis("") { Places = names });
        values.Marks([.. fromBelow.Select(row => Math.Abs(row.Found!.Value))], [.. fromBelow.Select(Ends)]);
        Panel costs = new("What they cost", new Axis("gradients over the images"), new Axis("") { Places = names });
        costs.Bars("", [.. fromBelow.Select(row => row.Found!.Cost.InGradients)], horizontal: true);
        return [(values, height), (costs, height)];
    }

    private static (double Low, double High) Ends(MeasuredRow row)
    {
        (double low, double high) = (row.Found!.Uncertainty.Low, row.Found.Uncertainty.High);
        return low > 0 && double.IsFinite(high) ? (low, high)
            : high < 0 && double.IsFinite(low) ? (-high, -low) : (double.NaN, double.NaN);
    }
}
