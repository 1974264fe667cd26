using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace PacGen.Plots;

/// <summary>Which numbers stand along an axis, and how they are written.</summary>
internal static class Ticks
{
    private const double Density = 0.6;

    /// <summary>Multiples of 1, 2 or 5 times a power of ten from one value to another: at most so many.</summary>
    public static IEnumerable<double> Between(double least, double largest, int most)
    {
        double rough = (largest - least) / most, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * (rough / power <= 1 ? 1 : rough / power <= 2 ? 2 : rough / power <= 5 ? 5 : 10);
        for (double k = Math.Ceiling((least / step) - 1e-9); k * step <= largest + (1e-9 * step); k++)
        {
            yield return Math.Round(k * step, 12) + 0.0;
        }
    }

    /// <summary>A number as people write it: 0.002, −1.5, 20,000, 3·10⁻⁷.</summary>
    public static string Text(double value)
    {
        double size = Math.Abs(value);
        if (size is >= 0.99e-4 and < 1e6 or < 1e-12)
        {
            return (Math.Round(value, 6) + 0.0).ToString("#,0.######", CultureInfo.InvariantCulture).Replace('-', '−');
        }

        int power = (int)Math.Floor(Math.Log10(size) + 1e-9);
        string digits = (value / Math.Pow(10, power)).ToString("0.###", CultureInfo.InvariantCulture);
        return $"{(digits == "1" ? "" : $"{digits.Replace('-', '−')}·")}10{Superscript(power)}";
    }

    /// <summary>Ticks of an axis that suit its length and its numbers' size.</summary>
    public static ITickGenerator Of(Axis axis)
    {
        if (axis.Places is { } places)
        {
            return new NumericManual([.. places.Select((_, i) => (double)i)], [.. places]);
        }

        return axis.Logarithmic ? new Logarithmic() : axis.Whole ? new NumericAutomatic
        {
            IntegerTicksOnly = true, LabelFormatter = Text, TickDensity = Density, MinorTickGenerator = new NoTicks(),
        }
        : new Even();
    }

    private static string Superscript(int power) => string.Concat(
        power.ToString(CultureInfo.InvariantCulture).Select(digit => digit == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit - '0']));

    /// <summary>Evenly spaced values, two at least: a single one gives an axis no scale.</summary>
    private sealed class Even : ITickGenerator
    {
        private const int Fewest = 2, Most = 8;

        private readonly NumericAutomatic usual = new()
        {
            LabelFormatter = Text, TickDensity = Density, MinorTickGenerator = new EvenlySpacedMinorTickGenerator(5),
        };

        public Tick[] Ticks { get; private set; } = [];

        public int MaxTickCount { get; set; } = 50;

        public void Regenerate(CoordinateRange range, Edge edge, PixelLength size, Paint paint, LabelStyle labelStyle)
        {
            usual.Regenerate(range, edge, size, paint, labelStyle);
            Ticks = usual.Ticks;
            for (int most = Fewest; Ticks.Count(tick => tick.IsMajor) < Fewest && most <= Most; most++)
            {
                Ticks = [.. Between(range.Min, range.Max, most).Select(value => Tick.Major(value, Text(value)))];
            }
        }
    }

    private sealed class NoTicks : IMinorTickGenerator
    {
        public IEnumerable<double> GetMinorTicks(double[] majorPositions, CoordinateRange visibleRange) => [];
    }

    /// <summary>
    /// Ticks of an axis whose coordinates are decimal logarithms: powers of ten, with 2 and 5 times them where there is room,
    /// every second, third … power where there is little; evenly spaced values where the axis spans too little for these.
    /// </summary>
    private sealed class Logarithmic : ITickGenerator
    {
        public Tick[] Ticks { get; private set; } = [];

        public int MaxTickCount { get; set; } = 50;

        public void Regenerate(CoordinateRange range, Edge edge, PixelLength size, Paint paint, LabelStyle labelStyle)
        {
            // What a label takes of the axis, in decades.
            double label = (edge.IsVertical() ? 2 : 5) * labelStyle.FontSize / size.Length * range.Length;
            int every = Math.Max(1, (int)Math.Ceiling(label));
            List<Tick> ticks = [];
            for (int power = (int)Math.Floor(range.Min); power <= range.Max; power++)
            {
                for (int digit = 1; digit <= 9; digit++)
                {
                    double value = digit * Math.Pow(10, power), place = Math.Log10(value);
                    if (range.Contains(place) && (digit == 1 || every == 1))
                    {
                        bool major = power % every == 0 && (digit == 1 || (digit is 2 or 5 && label < 0.3));
                        ticks.Add(major ? Tick.Major(place, Text(value)) : Tick.Minor(place));
                    }
                }
            }

            if (ticks.Count(tick => tick.IsMajor) < 3 && range.Length < 1)
            {
                int most = Math.Clamp((int)(range.Length / label), 2, 8);
                ticks = [.. Between(Math.Pow(10, range.Min), Math.Pow(10, range.Max), most).Select(
                    value => Tick.Major(Math.Log10(value), Text(value)))];
            }

            Ticks = [.. ticks];
        }
    }
}
