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
        Paint((canvas, textScale) =>
        {
            // Larger text, marks and lines: the panel is drawn smaller, then enlarged.
            canvas.Save();
            canvas.Scale(textScale);
            panel.Draw(canvas, SKRect.Create(
                area.Left / textScale, area.Top / textScale, area.Width / textScale, area.Height / textScale));
            canvas.Restore();
        });
    }

    /// <summary>Draws panels of one size below the title, row by row.</summary>
    /// <param name="columns">How many stand in a row.</param>
    /// <param name="added">The panels.</param>
    public void AddRows(int columns, params IReadOnlyList<Panel> added)
    {
        int rows = (added.Count + columns - 1) / columns;
        float width = (float)Width / columns, height = (Height - Top) / rows;
        for (int p = 0; p < added.Count; p++)
        {
            Add(added[p], SKRect.Create(p % columns * width, Top + (p / columns * height), width, height));
        }
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
