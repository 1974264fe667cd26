using SkiaSharp;

namespace PacGen.Plots;

/// <summary>A picture: a title above panels, laid out in units of its own, drawn at any size and in any format.</summary>
internal sealed class Page : IDisposable
{
    private readonly List<Panel> panels = [];
    private readonly List<Action<SKCanvas, float>> drawings = [];

    private const float TitleHeight = 46;

    /// <param name="title">What all of it shows; "" for no title, and no room for one.</param>
    /// <param name="width">The width in units, which are pixels where no other size is asked for.</param>
    /// <param name="height">The height in units, of all of it with the title.</param>
    public Page(string title, int width, int height)
    {
        (Width, Height) = (width, height);
        Top = title.Length > 0 ? TitleHeight : 0;
        if (title.Length > 0)
        {
            Paint((canvas, textScale) => Look.Write(canvas, title, width / 2f, Top / 2, Look.Title * textScale,
                ScottPlot.Alignment.MiddleCenter, bold: true, width: width - 40));
        }
    }

    /// <summary>The width in units.</summary>
    public int Width { get; }

    /// <summary>The height in units.</summary>
    public int Height { get; }

    /// <summary>Where the title ends.</summary>
    public float Top { get; }

    /// <summary>Draws a panel, which is disposed of with the page.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="area">Where, in units.</param>
    public void Add(Panel panel, SKRect area)
    {
        panels.Add(panel);
        Paint((canvas, textScale) => Enlarged(canvas, textScale, area, panel.Draw));
    }

    /// <summary>
    /// Draws panels below the title, row by row; a last row that is not full is as wide as the others. Panels whose
    /// legends are parts of one share it, below all of them.
    /// </summary>
    /// <param name="columns">How many stand in a row.</param>
    /// <param name="added">The panels.</param>
    public void AddRows(int columns, params IReadOnlyList<Panel> added)
    {
        panels.AddRange(added);
        Panel? shared = added.Count > 1 ? added.FirstOrDefault(panel => added.All(panel.HasLegendOf)) : null;
        foreach (Panel panel in shared is null ? [] : added)
        {
            panel.HasLegend = false;
        }

        int rows = (added.Count + columns - 1) / columns;
        Paint((canvas, textScale) =>
        {
            float below = textScale * (shared?.LegendHeight(Width / textScale) ?? 0), height = (Height - Top - below) / rows;
            for (int p = 0; p < added.Count; p++)
            {
                int row = p / columns;
                float width = (float)Width / Math.Min(columns, added.Count - (row * columns));
                Enlarged(
                    canvas, textScale, SKRect.Create(p % columns * width, Top + (row * height), width, height), added[p].Draw);
            }

            if (shared is not null)
            {
                Enlarged(canvas, textScale, new SKRect(0, Height - below, Width, Height), shared.DrawLegend);
            }
        });
    }

    // Larger text, marks and lines: all of it is drawn smaller, then enlarged.
    private static void Enlarged(SKCanvas canvas, float scale, SKRect area, Action<SKCanvas, SKRect> draw)
    {
        canvas.Save();
        canvas.Scale(scale);
        draw(canvas, SKRect.Create(area.Left / scale, area.Top / scale, area.Width / scale, area.Height / scale));
        canvas.Restore();
    }

    /// <summary>Draws anything else.</summary>
    /// <param name="draw">Called with the canvas, in units, and how much larger than usual text is to be.</param>
    public void Paint(Action<SKCanvas, float> draw) => drawings.Add(draw);

    /// <summary>Draws all of it.</summary>
    /// <param name="path">The file that it is for: its extension names the format. It is not written here.</param>
    /// <param name="size">How large; as laid out without it.</param>
    /// <returns>The file's bytes.</returns>
    public byte[] Encode(string path, PageSize size = default)
    {
        int pixels = size.Pixels ?? Width;
        float scale = (float)pixels / Width;
        return PictureFile.Encode(path, pixels, (int)Math.Round(Height * scale), canvas =>
        {
            canvas.Scale(scale);
            drawings.ForEach(draw => draw(canvas, size.TextScale ?? 1));
        });
    }

    public void Dispose() => panels.ForEach(panel => panel.Dispose());
}
