using ScottPlot;
using SkiaSharp;

namespace PacGen.Plots;

/// <summary>
/// A surface z(x, y) over an even grid, seen in parallel projection: coloured by one quantity, above a floor coloured by another,
/// with vertical lines at marked places. Cells are painted from the farthest to the nearest, which is exact for a surface over a
/// plane.
/// </summary>
internal sealed class SurfacePlot
{
    private const double FloorGap = 0.45, Height = 1.15;

    /// <summary>The grid lines' x, rising.</summary>
    public required double[] X { get; init; }

    /// <summary>The grid lines' y, rising.</summary>
    public required double[] Y { get; init; }

    /// <summary>z at [x, y].</summary>
    public required double[,] Z { get; init; }

    /// <summary>The surface's quantity at [x, y].</summary>
    public required double[,] SurfaceValue { get; init; }

    /// <summary>The floor's quantity at [x, y].</summary>
    public required double[,] FloorValue { get; init; }

    /// <summary>The surface's colours.</summary>
    public required ColorScale SurfaceColors { get; init; }

    /// <summary>The floor's colours.</summary>
    public required ColorScale FloorColors { get; init; }

    /// <summary>The z axis: the surface is cut off above it.</summary>
    public required (double Least, double Largest) ZRange { get; init; }

    /// <summary>The axes' names.</summary>
    public required (string X, string Y, string Z) Labels { get; init; }

    /// <summary>Vertical lines from the floor to the top, with a dot where they meet the surface.</summary>
    public IReadOnlyList<(double X, double Y, double Z, SKColor Color)> Marks { get; init; } = [];

    /// <summary>Where the spectator stands, in degrees: around the vertical axis, and above the horizon.</summary>
    public (double Azimuth, double Elevation) View { get; init; } = (35, 38);

    /// <summary>How large the text is, in pixels.</summary>
    public float TextSize { get; init; } = 14;

    /// <summary>Draws into a rectangle of a canvas.</summary>
    public void Draw(SKCanvas canvas, SKRect area)
    {
        Projection view = new(this, area);
        DrawFloor(canvas, view);
        DrawFrame(canvas, view);
        DrawSurface(canvas, view);
        DrawMarks(canvas, view);
        DrawAxes(canvas, view);
    }

    /// <summary>Draws a vertical colour bar with its ticks and, above it, its name.</summary>
    public static void DrawColorBar(SKCanvas canvas, SKRect bar, ColorScale scale, string name, float textSize)
    {
        using SKPaint paint = new() { IsAntialias = false };
        for (float y = bar.Top; y < bar.Bottom; y++)
        {
            paint.Color = scale.Of(scale.Largest + ((y - bar.Top) / bar.Height * (scale.Least - scale.Largest)));
            canvas.DrawRect(bar.Left, y, bar.Width, 1, paint);
        }

        using SKPaint line = new() { Color = SKColors.Black, Style = SKPaintStyle.Stroke, StrokeWidth = 1, IsAntialias = true };
        canvas.DrawRect(bar, line);
        foreach (double tick in Ticks.Between(scale.Least, scale.Largest, 6))
        {
            float y = (float)(bar.Bottom - ((tick - scale.Least) / (scale.Largest - scale.Least) * bar.Height));
            canvas.DrawLine(bar.Right, y, bar.Right + 4, y, line);
            Look.Write(canvas, Ticks.Text(tick), bar.Right + 7, y, textSize, Alignment.MiddleLeft);
        }

        Look.Write(canvas, name, bar.MidX, bar.Top - 8, textSize, Alignment.LowerCenter, bold: true);
    }

    private void DrawFloor(SKCanvas canvas, Projection view)
    {
        using SKPaint paint = new() { Style = SKPaintStyle.Fill, IsAntialias = false };
        foreach ((int i, int j) in view.Cells)
        {
            paint.Color = FloorColors.Of(Mean(FloorValue, i, j));
            Fill(canvas, paint, [view.At(X[i], Y[j], null), view.At(X[i + 1], Y[j], null), view.At(X[i + 1], Y[j + 1], null),
                view.At(X[i], Y[j + 1], null)]);
        }
    }

    private void DrawSurface(SKCanvas canvas, Projection view)
    {
        using SKPaint fill = new() { Style = SKPaintStyle.Fill, IsAntialias = false };
        using SKPaint mesh =
            new() { Style = SKPaintStyle.Stroke, StrokeWidth = 0.7f, Color = new SKColor(0, 0, 0, 60), IsAntialias = true };
        int every = Math.Max(1, X.Length / 40);
        foreach ((int i, int j) in view.Cells)
        {
            List<(double X, double Y, double Z)> cell = Below(
                [(X[i], Y[j], Z[i, j]), (X[i + 1], Y[j], Z[i + 1, j]), (X[i + 1], Y[j + 1], Z[i + 1, j + 1]),
                    (X[i], Y[j + 1], Z[i, j + 1])]);
            if (cell.Count < 3)
            {
                continue;
            }

            fill.Color = SurfaceColors.Of(Mean(SurfaceValue, i, j), view.Light(i, j));
            Fill(canvas, fill, [.. cell.Select(corner => view.At(corner.X, corner.Y, corner.Z))]);
            if (i % every == 0 && Z[i, j] <= ZRange.Largest && Z[i, j + 1] <= ZRange.Largest)
            {
                canvas.DrawLine(view.At(X[i], Y[j], Z[i, j]), view.At(X[i], Y[j + 1], Z[i, j + 1]), mesh);
            }

            if (j % every == 0 && Z[i, j] <= ZRange.Largest && Z[i + 1, j] <= ZRange.Largest)
            {
                canvas.DrawLine(view.At(X[i], Y[j], Z[i, j]), view.At(X[i + 1], Y[j], Z[i + 1, j]), mesh);
            }
        }
    }

    private void DrawMarks(SKCanvas canvas, Projection view)
    {
        foreach ((double x, double y, double z, SKColor color) in Marks)
        {
            SKPoint floor = view.At(x, y, null), on = view.At(x, y, z), top = view.At(x, y, ZRange.Largest);
            using SKPaint line = new() { Style = SKPaintStyle.Stroke, StrokeWidth = 3, Color = color, IsAntialias = true };
            using SKPaint dot = new() { Style = SKPaintStyle.Fill, Color = color, IsAntialias = true };
            using SKPaint rim =
                new() { Style = SKPaintStyle.Stroke, StrokeWidth = 1.5f, Color = SKColors.White, IsAntialias = true };
            using SKPaint halo =
                new() { Style = SKPaintStyle.Stroke, StrokeWidth = 6, Color = SKColors.White, IsAntialias = true };
            canvas.DrawLine(on, top, halo);
            canvas.DrawLine(on, top, line);
            using (SKPathEffect dashes = SKPathEffect.CreateDash([6, 4], 0))
            {
                line.PathEffect = dashes;
                canvas.DrawLine(floor, on, line);
            }

            foreach (SKPoint point in (SKPoint[])[on, floor])
            {
                canvas.DrawCircle(point, 6, dot);
                canvas.DrawCircle(point, 6, rim);
            }
        }
    }

    // The edges behind the surface.
    private void DrawFrame(SKCanvas canvas, Projection view)
    {
        using SKPaint line =
            new() { Style = SKPaintStyle.Stroke, StrokeWidth = 1, Color = new SKColor(0, 0, 0, 110), IsAntialias = true };
        (double X, double Y)[] corners = [(X[0], Y[0]), (X[^1], Y[0]), (X[^1], Y[^1]), (X[0], Y[^1])];
        (double X, double Y) nearest = corners.MinBy(corner => view.Depth(corner.X, corner.Y));
        for (int c = 0; c < 4; c++)
        {
            (double X, double Y) a = corners[c], b = corners[(c + 1) % 4];
            canvas.DrawLine(view.At(a.X, a.Y, null), view.At(b.X, b.Y, null), line);
            if (a != nearest)
            {
                canvas.DrawLine(view.At(a.X, a.Y, null), view.At(a.X, a.Y, ZRange.Largest), line);
                if (b != nearest)
                {
                    canvas.DrawLine(view.At(a.X, a.Y, ZRange.Largest), view.At(b.X, b.Y, ZRange.Largest), line);
                    foreach (double tick in Ticks.Between(ZRange.Least, ZRange.Largest, 6))
                    {
                        using SKPaint faint = new() { Style = SKPaintStyle.Stroke, StrokeWidth = 0.7f, Color = new SKColor(
                            0, 0, 0, 45), IsAntialias = true };
                        canvas.DrawLine(view.At(a.X, a.Y, tick), view.At(b.X, b.Y, tick), faint);
                    }
                }
            }
        }
    }

    private void DrawAxes(SKCanvas canvas, Projection view)
    {
        (double X, double Y)[] corners = [(X[0], Y[0]), (X[^1], Y[0]), (X[^1], Y[^1]), (X[0], Y[^1])];
        (double X, double Y) nearest = corners.MinBy(corner => view.Depth(corner.X, corner.Y));
        (double X, double Y) leftmost = corners.MinBy(corner => view.At(corner.X, corner.Y, null).X);
        (double X, double Y) outX = (0, nearest.Y > 0 ? 1 : -1), outY = (nearest.X > 0 ? 1 : -1, 0);
        double spanX = X[^1] - X[0], spanY = Y[^1] - Y[0];
        foreach (double tick in Ticks.Between(X[0], X[^1], 8))
        {
            Label(tick, nearest.Y, outX, 0.055, Ticks.Text(tick), TextSize, false);
        }

        foreach (double tick in Ticks.Between(Y[0], Y[^1], 8))
        {
            Label(nearest.X, tick, outY, 0.055, Ticks.Text(tick), TextSize, false);
        }

        Label((X[0] + X[^1]) / 2, nearest.Y, outX, 0.15, Labels.X, TextSize + 2, true);
        Label(nearest.X, (Y[0] + Y[^1]) / 2, outY, 0.15, Labels.Y, TextSize + 2, true);
        using SKPaint line = new() { Style = SKPaintStyle.Stroke, StrokeWidth = 1, Color = SKColors.Black, IsAntialias = true };
        foreach (double tick in Ticks.Between(ZRange.Least, ZRange.Largest, 6))
        {
            SKPoint at = view.At(leftmost.X, leftmost.Y, tick);
            canvas.DrawLine(at.X - 5, at.Y, at.X, at.Y, line);
            Look.Write(canvas, Ticks.Text(tick), at.X - 8, at.Y, TextSize, Alignment.MiddleRight);
        }

        SKPoint low = view.At(leftmost.X, leftmost.Y, ZRange.Least), high = view.At(leftmost.X, leftmost.Y, ZRange.Largest);
        Look.Write(canvas, Labels.Z, low.X - 52, (low.Y + high.Y) / 2, TextSize + 2, Alignment.MiddleCenter, bold: true,
            rotation: -90);

        void Label(double x, double y, (double X, double Y) outward, double distance, string text, float size, bool bold)
        {
            SKPoint at = view.At(x + (outward.X * distance * spanX), y + (outward.Y * distance * spanY), null);
            Look.Write(canvas, text, at.X, at.Y, size, Alignment.MiddleCenter, bold);
        }
    }

    // The part of a cell's outline that is below the top of the z axis.
    private List<(double X, double Y, double Z)> Below((double X, double Y, double Z)[] corners)
    {
        double top = ZRange.Largest;
        List<(double X, double Y, double Z)> kept = [];
        for (int c = 0; c < corners.Length; c++)
        {
            (double X, double Y, double Z) a = corners[c], b = corners[(c + 1) % corners.Length];
            if (a.Z <= top)
            {
                kept.Add(a);
            }

            if (a.Z <= top != b.Z <= top)
            {
                double t = (top - a.Z) / (b.Z - a.Z);
                kept.Add((a.X + (t * (b.X - a.X)), a.Y + (t * (b.Y - a.Y)), top));
            }
        }

        return kept;
    }

    private static double Mean(double[,] values, int i, int j) =>
        (values[i, j] + values[i + 1, j] + values[i, j + 1] + values[i + 1, j + 1]) / 4;

    private static void Fill(SKCanvas canvas, SKPaint paint, SKPoint[] outline)
    {
        using SKPathBuilder builder = new();
        builder.AddPoly(outline, close: true);
        using SKPath path = builder.Detach();
        canvas.DrawPath(path, paint);
    }

    /// <summary>Where a point of space is in the picture.</summary>
    private sealed class Projection
    {
        private readonly SurfacePlot plot;
        private readonly double cosine, sine, cosineUp, sineUp, scale;
        private readonly double offsetX, offsetY;

        public Projection(SurfacePlot plot, SKRect area)
        {
            this.plot = plot;
            (sine, cosine) = Math.SinCos(plot.View.Azimuth * Math.PI / 180);
            (sineUp, cosineUp) = Math.SinCos(plot.View.Elevation * Math.PI / 180);
            scale = 1;

            // The box fills the area, less a margin for the text.
            (double X, double Y)[] corners =
            [
                .. from x in (double[])[plot.X[0], plot.X[^1]]
                   from y in (double[])[plot.Y[0], plot.Y[^1]]
                   from z in (double?[])[null, plot.ZRange.Largest]
                   select (At(x, y, z).X, At(x, y, z).Y) into point
                   select ((double)point.X, (double)point.Y),
            ];
            double left = corners.Min(c => c.X), right = corners.Max(c => c.X), low = corners.Min(c => c.Y), high = corners.Max(
                c => c.Y);
            double margin = plot.TextSize * 4.2;
            scale = Math.Min((area.Width - (1.6 * margin)) / (right - left), (area.Height - (1.4 * margin)) / (high - low));
            offsetX = area.MidX + (0.25 * margin) - (scale * (left + right) / 2);
            offsetY = area.MidY - (0.25 * margin) - (scale * (low + high) / 2);
            Cells =
            [
                .. from i in Enumerable.Range(0, plot.X.Length - 1)
                   from j in Enumerable.Range(0, plot.Y.Length - 1)
                   orderby Depth(plot.X[i] + plot.X[i + 1], plot.Y[j] + plot.Y[j + 1]) descending
                   select (i, j),
            ];
        }

        /// <summary>The grid's cells, the farthest first.</summary>
        public (int I, int J)[] Cells { get; }

        /// <summary>How far away a place is; only comparisons mean something.</summary>
        public double Depth(double x, double y) =>
            (x / (plot.X[^1] - plot.X[0]) * sine) + (y / (plot.Y[^1] - plot.Y[0]) * cosine);

        /// <summary>A point of space in the picture; without z, on the floor.</summary>
        public SKPoint At(double x, double y, double? z)
        {
            double across = ((x - plot.X[0]) / (plot.X[^1] - plot.X[0])) - 0.5, along = (
                (y - plot.Y[0]) / (plot.Y[^1] - plot.Y[0])) - 0.5;
            double up = z is { } height ? (FloorGap + Share(height)) * Height / (1 + FloorGap) : 0;
            double right = (across * cosine) - (along * sine), away = (across * sine) + (along * cosine);
            return new SKPoint(
                (float)(offsetX + (scale * right)), (float)(offsetY - (scale * ((up * 0.62 * cosineUp) + (away * sineUp)))));
        }

        /// <summary>How bright a cell is: darker where it turns away from a light above the spectator's left shoulder.</summary>
        public double Light(int i, int j)
        {
            double dx = Share(Math.Min(plot.Z[i + 1, j], plot.ZRange.Largest)) - Share(
                Math.Min(plot.Z[i, j], plot.ZRange.Largest));
            double dy = Share(Math.Min(plot.Z[i, j + 1], plot.ZRange.Largest)) - Share(
                Math.Min(plot.Z[i, j], plot.ZRange.Largest));
            dx *= Height * 0.5 * (plot.X.Length - 1);
            dy *= Height * 0.5 * (plot.Y.Length - 1);
            double length = Math.Sqrt(1 + (dx * dx) + (dy * dy));
            double lightX = -0.5 * cosine - (0.3 * sine), lightY = (0.5 * sine) - (0.3 * cosine);
            return Math.Clamp(0.72 + (0.34 * ((-dx * lightX) + (-dy * lightY) + 0.8) / length), 0.66, 1);
        }

        private double Share(double z) => (z - plot.ZRange.Least) / (plot.ZRange.Largest - plot.ZRange.Least);
    }
}
