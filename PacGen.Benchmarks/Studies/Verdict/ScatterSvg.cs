using System.Globalization;
using System.Net;
using System.Text;
using PacGen.Plots;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>
/// A plot of gaps over a quantity as SVG, in the colours and with the numbers of the other plots: each mark says which network it
/// is when it is pointed at, which Skia's SVG can't.
/// </summary>
internal static class ScatterSvg
{
    /// <summary>The size of a plot, in units.</summary>
    public const int Width = 360, Height = 300;

    private const double Left = 68, Right = 20, Top = 34, Bottom = 42;

    /// <summary>A mark.</summary>
    /// <param name="X">To the right; positive where the axis is logarithmic.</param>
    /// <param name="Y">Up.</param>
    /// <param name="Colour">Which colour, from 0.</param>
    /// <param name="Name">What it is.</param>
    internal readonly record struct Mark(double X, double Y, int Colour, string Name);

    /// <summary>The colour of a group of marks.</summary>
    public static string ColourOf(int group) => Look.ColorOf(group).ToHex();

    /// <summary>Draws a plot.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="xAxis">What goes to the right; its values are drawn logarithmically where all are positive and a factor of 20
    /// apart.</param>
    /// <param name="yAxis">What goes up.</param>
    /// <param name="marks">The marks.</param>
    public static string Draw(string title, string xAxis, string yAxis, IReadOnlyList<Mark> marks)
    {
        Axis x = Axis.Of([.. marks.Select(mark => mark.X)], Left, Width - Right);
        Axis y = Axis.Of([.. marks.Select(mark => mark.Y)], Height - Bottom, Top);
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{Height}" viewBox="0 0 {Width} {Height}" role="img"
            font-family="system-ui, sans-serif" font-size="11"><title>{Text(title)}</title>
            <rect width="{Width}" height="{Height}" fill="#fff"/>
            <text x="{Left}" y="20" font-size="13" font-weight="600">{Text(title)}</text>

            """);
        foreach (double tick in x.Numbers)
        {
            double at = x.Place(tick);
            svg.Append(CultureInfo.InvariantCulture, $"""
                <path d="M{at:F1} {Top}V{Height - Bottom}" stroke="#e6e6e6"/>
                <text x="{at:F1}" y="{Height - Bottom + 15}" text-anchor="middle">{Ticks.Text(tick)}</text>

                """);
        }

        foreach (double tick in y.Numbers)
        {
            double at = y.Place(tick);
            svg.Append(CultureInfo.InvariantCulture, $"""
                <path d="M{Left} {at:F1}H{Width - Right}" stroke="#e6e6e6"/>
                <text x="{Left - 5}" y="{at + 4:F1}" text-anchor="end">{Ticks.Text(tick)}</text>

                """);
        }

        svg.Append(CultureInfo.InvariantCulture, $"""
            <text x="{(Left + Width - Right) / 2}" y="{Height - 8}" text-anchor="middle">{Text(xAxis)}</text>
            <text transform="translate(12 {(Top + Height - Bottom) / 2}) rotate(-90)" text-anchor="middle">{Text(yAxis)}</text>

            """);
        foreach (Mark mark in marks)
        {
            string at = $"cx=\"{x.Place(mark.X):F1}\" cy=\"{y.Place(mark.Y):F1}\"";
            svg.Append(CultureInfo.InvariantCulture, $"""
                <circle {at} r="3.6" fill="{ColourOf(mark.Colour)}" fill-opacity="0.75"><title>{Text(mark.Name)}</title></circle>

                """);
        }

        return svg.Append("</svg>").ToString();
    }

    /// <summary>Several plots as one file, in columns.</summary>
    /// <param name="plots">The plots.</param>
    /// <param name="columns">How many beside each other.</param>
    /// <param name="key">What each colour is.</param>
    public static string Sheet(IReadOnlyList<string> plots, int columns, IReadOnlyList<(string Name, string Colour)> key)
    {
        const int Line = 18;
        int rows = (plots.Count + columns - 1) / columns, width = columns * Width, top = rows * Height;
        int perLine = columns * 2, height = top + (((key.Count + perLine - 1) / perLine) * Line) + 6;
        StringBuilder svg = new(
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} " +
                $"{height}\">\n");
        for (int i = 0; i < plots.Count; i++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({i % columns * Width} {i / columns * Height})\">")
                .Append(plots[i]).Append("</g>\n");
        }

        svg.Append(
            CultureInfo.InvariantCulture, $"<rect y=\"{top}\" width=\"{width}\" height=\"{height - top}\" fill=\"#fff\"/>\n");
        for (int i = 0; i < key.Count; i++)
        {
            int x = 16 + (i % perLine * Width / 2), y = top + 8 + (i / perLine * Line);
            svg.Append(CultureInfo.InvariantCulture, $"""
                <circle cx="{x}" cy="{y}" r="4" fill="{key[i].Colour}"/>
                <text x="{x + 9}" y="{y + 4}" font-family="sans-serif" font-size="11">{Text(key[i].Name)}</text>

                """);
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>An axis: a range, and where in it a value lies.</summary>
    private sealed record Axis(double Least, double Largest, bool Logarithmic, double From, double To)
    {
        private const double Wide = 20;
        private const int Most = 4;

        public IReadOnlyList<double> Numbers { get; private init; } = [];

        public static Axis Of(double[] values, double from, double to)
        {
            bool logarithmic = values.Min() > 0 && values.Max() / values.Min() > Wide;
            double[] shown = logarithmic ? [.. values.Select(value => Math.Log10(value))] : values;
            double least = shown.Min(), largest = shown.Max();
            double margin = largest > least ? 0.05 * (largest - least) : Math.Max(Math.Abs(largest) * 0.05, 1e-3);
            (least, largest) = (least - margin, largest + margin);
            return new Axis(least, largest, logarithmic, from, to)
            {
                Numbers = logarithmic ? Decades(least, largest) : [.. Ticks.Between(least, largest, Most)],
            };
        }

        public double Place(double value) =>
            From + (((Logarithmic ? Math.Log10(value) : value) - Least) / (Largest - Least) * (To - From));

        private static double[] Decades(double least, double largest)
        {
            int[] digits = largest - least < 2.5 ? [1, 3] : [1];
            int every = Math.Max(1, (int)Math.Ceiling((largest - least) / 5));
            return
            [
                .. from power in Enumerable.Range((int)Math.Floor(least), (int)(Math.Ceiling(largest) - Math.Floor(least)) + 1)
                   where power % every == 0
                   from digit in digits
                   let value = digit * Math.Pow(10, power)
                   where Math.Log10(value) >= least && Math.Log10(value) <= largest
                   select value,
            ];
        }
    }
}
