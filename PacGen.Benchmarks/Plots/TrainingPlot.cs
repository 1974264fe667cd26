using PacGen.Nn;
using ScottPlot;

namespace PacGen.Plots;

/// <summary>
/// The curves of one or more runs by epoch: loss, accuracy, generalization gap, and Ψ where every run was scored.
/// </summary>
public static class TrainingPlot
{
    private const int Width = 1200, Height = 800;

    /// <summary>Draws the curves of one run and writes them to a file, as a whole.</summary>
    /// <param name="path">
    /// The file; its extension names the format: .png, .jpg, .webp, .bmp, .svg or .pdf. One that is there is replaced.
    /// </param>
    /// <param name="epochs">The run's epochs, such as <see cref="Trainer.Results"/>.</param>
    /// <param name="title">What all of it shows.</param>
    /// <exception cref="ArgumentException">The extension names another format.</exception>
    /// <exception cref="IOException">The file can't be written; what was there before is still there.</exception>
    public static void Save(string path, IReadOnlyList<EpochResult> epochs, string title = "") =>
        Save(path, title, ("", epochs));

    /// <summary>Draws the curves of several runs and writes them to a file, as a whole.</summary>
    /// <inheritdoc cref="Save(string, IReadOnlyList{EpochResult}, string)"/>
    /// <param name="path">
    /// The file; its extension names the format: .png, .jpg, .webp, .bmp, .svg or .pdf. One that is there is replaced.
    /// </param>
    /// <param name="title">What all of it shows.</param>
    /// <param name="runs">The runs, each with its name and its epochs: at least one.</param>
    public static void Save(
        string path, string title, params IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs)
    {
        byte[] picture = Draw(path, title, runs);
        AtomicFile.Write(path, stream => stream.Write(picture));
    }

    /// <summary>Draws the curves.</summary>
    /// <param name="path">The file that they are for: its extension names the format. It is not written here.</param>
    /// <param name="title">What all of it shows.</param>
    /// <param name="runs">The runs, each with its name and its epochs: at least one.</param>
    /// <returns>The file's bytes.</returns>
    /// <exception cref="ArgumentException">The extension names no format that can be written, or there is no run.</exception>
    public static byte[] Draw(
        string path, string title, params IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(runs);
        PictureFile.Require(path);
        if (runs.Count == 0)
        {
            throw new ArgumentException("There is no run to draw the curves of.");
        }

        bool classes = runs.Any(run => run.Epochs.Any(epoch => !double.IsNaN(epoch.TestAccuracy)));
        string? metric = runs[0].Epochs.Count > 0 ? First(runs[0].Epochs[0])?.Name : null;
        List<Panel> panels =
        [
            Of("Loss", new Axis(classes ? "cross-entropy (logarithmic)" : "loss (logarithmic)", true),
                ("train", epoch => epoch.TrainLoss, LinePattern.Dashed),
                ("test", epoch => epoch.TestLoss, LinePattern.Solid)),
            classes
                ? Of("Accuracy", new Axis("share of images, %"), (
                    "train", epoch => 100 * epoch.TrainAccuracy, LinePattern.Dashed),
                    ("test", epoch => 100 * epoch.TestAccuracy, LinePattern.Solid))
                : Of(metric ?? "Loss", new Axis(metric ?? "loss"), ("train", epoch => First(epoch)?.Train ?? epoch.TrainLoss,
                    LinePattern.Dashed), ("test", epoch => First(epoch)?.Test ?? epoch.TestLoss, LinePattern.Solid)),
            Of("Generalization gap", new Axis("test loss − train loss"), ("", epoch => epoch.Gap, LinePattern.Solid)),
        ];
        if (runs.All(run => run.Epochs.Any(epoch => epoch.Score is not null)))
        {
            panels.Add(Of("pacGen score Ψ", new Axis("Ψ (smaller is better)"),
                ("", epoch => epoch.Score?.Psi ?? double.NaN, LinePattern.Solid)));
        }

        using Page page = new(title, Width, Height);
        page.AddRows(panels.Count == 4 ? 2 : 3, panels);
        return page.Encode(path);

        static MetricValue? First(EpochResult epoch) => epoch.Metrics is [var first, ..] ? first : null;

        Panel Of(string heading, Axis axis, params (string Name, Func<EpochResult, double> Value, LinePattern Pattern)[] series)
        {
            Panel panel = new(heading, Axis.Epochs, axis);
            for (int r = 0; r < runs.Count; r++)
            {
                foreach ((string name, Func<EpochResult, double> value, LinePattern pattern) in series)
                {
                    string[] names = [runs[r].Name, name];
                    panel.Add(new Curve(string.Join(", ", names.Where(part => part.Length > 0)),
                        [.. runs[r].Epochs.Select(epoch => (double)epoch.Epoch)], [.. runs[r].Epochs.Select(value)])
                    {
                        Color = Look.ColorOf(r), Pattern = pattern,
                    });
                }
            }

            return panel;
        }
    }
}
