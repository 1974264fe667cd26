using PacGen.Core.Files;
using PacGen.Nn;
using ScottPlot;

namespace PacGen.Plots;

/// <summary>
/// The curves of one or more runs by epoch: loss, accuracy, generalization gap, and Ψ where every run was scored. Of runs with
/// several seeds the mean, and a band from the least to the largest.
/// </summary>
public static class TrainingPlot
{
    private const int PanelWidth = 600, PanelHeight = 380;

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
        ArgumentNullException.ThrowIfNull(runs);
        return Draw(path, title, default, 2, [.. runs.Select(run => new TrainingCurves(run.Name, run.Epochs))]);
    }

    /// <summary>Draws the curves.</summary>
    /// <param name="path">The file that they are for: its extension names the format. It is not written here.</param>
    /// <param name="title">What all of it shows.</param>
    /// <param name="size">How large.</param>
    /// <param name="columns">How many panels stand in a row.</param>
    /// <param name="runs">The runs: at least one.</param>
    /// <returns>The file's bytes.</returns>
    /// <exception cref="ArgumentException">The extension names no format that can be written, or there is no run.</exception>
    internal static byte[] Draw(
        string path, string title, PageSize size, int columns, params IReadOnlyList<TrainingCurves> runs)
    {
        ArgumentNullException.ThrowIfNull(path);
        PictureFile.Require(path);
        if (runs.Count == 0)
        {
            throw new ArgumentException("There is no run to draw the curves of.");
        }

        IReadOnlyList<Panel> panels = Panels(runs);
        int across = Math.Min(columns, panels.Count), rows = (panels.Count + across - 1) / across;
        using Page page = new(title, across * PanelWidth, rows * PanelHeight);
        page.AddRows(across, panels);
        return page.Encode(path, size);
    }

    /// <summary>The panels of the picture.</summary>
    /// <param name="runs">The runs: at least one.</param>
    internal static IReadOnlyList<Panel> Panels(params IReadOnlyList<TrainingCurves> runs)
    {
        EpochResult[] all = [.. runs.SelectMany(run => run.Runs).SelectMany(epochs => epochs)];
        bool classes = all.Any(epoch => !double.IsNaN(epoch.TestAccuracy));
        string? metric = all.Length > 0 ? First(all[0])?.Name : null;
        List<Panel> panels =
        [
            Of("Loss", new Axis(classes ? "cross-entropy (logarithmic)" : "loss (logarithmic)", true),
                ("train", epoch => epoch.TrainLoss, LinePattern.Dashed),
                ("test", epoch => epoch.TestLoss, LinePattern.Solid)),
            classes
                ? Of("Accuracy", new Axis("accuracy, %"), (
                    "train", epoch => 100 * epoch.TrainAccuracy, LinePattern.Dashed),
                    ("test", epoch => 100 * epoch.TestAccuracy, LinePattern.Solid))
                : Of(metric ?? "Loss", new Axis(metric ?? "loss"), ("train", epoch => First(epoch)?.Train ?? epoch.TrainLoss,
                    LinePattern.Dashed), ("test", epoch => First(epoch)?.Test ?? epoch.TestLoss, LinePattern.Solid)),
            Of("Generalization gap", new Axis("test loss − train loss"), ("", epoch => epoch.Gap, LinePattern.Solid)),
        ];
        if (runs.All(run => run.Runs.All(epochs => epochs.Any(epoch => epoch.Score is not null))))
        {
            panels.Add(Of("Score Ψ", new Axis("Ψ (smaller is better)"),
                ("", epoch => epoch.Score?.Psi ?? double.NaN, LinePattern.Solid)));
        }

        return panels;

        static MetricValue? First(EpochResult epoch) => epoch.Metrics is [var first, ..] ? first : null;

        Panel Of(string heading, Axis axis, params (string Name, Func<EpochResult, double> Value, LinePattern Pattern)[] series)
        {
            Panel panel = new(heading, Axis.Epochs, axis);
            for (int r = 0; r < runs.Count; r++)
            {
                foreach ((string name, Func<EpochResult, double> value, LinePattern pattern) in series)
                {
                    string[] names = [runs[r].Name, name];
                    (double[] mean, double[] low, double[] high) = runs[r].Of(value);
                    panel.Add(new Curve(string.Join(", ", names.Where(part => part.Length > 0)),
                        [.. runs[r].Runs[0].Take(mean.Length).Select(epoch => (double)epoch.Epoch)], mean)
                    {
                        Color = Look.ColorOf(r), Pattern = pattern, Band = runs[r].Runs.Count > 1 ? (low, high) : null,
                    });
                }
            }

            return panel;
        }
    }
}
