using PacGen.Plots;
using PacGen.Benchmarks.Runs;
using ScottPlot;

namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>
/// The two panels of Figure 7: training and test accuracy by epoch, the mean over seeds with their range as a band.
/// </summary>
internal static class AccuracyPicture
{
    /// <summary>Draws the figure.</summary>
    /// <param name="title">What all of it shows.</param>
    /// <param name="arms">The ways of training, the plain one first.</param>
    /// <param name="findings">Their runs: at least one seed.</param>
    public static Page Draw(string title, IReadOnlyList<RunArm> arms, AccuracyFindings findings)
    {
        (RunArm Arm, RunEpoch[][] Runs)[] curves = [.. arms.Select(arm => (arm, findings.Of(arm)))];

        Axis time = findings.Halves ? new Axis("gradients, in passes over the training images") { Whole = true } : Axis.Epochs;
        Page page = new(title, 1600, 760);
        page.AddRows(2, Of("training accuracy", epoch => 100 * epoch.TrainAccuracy),
            Of("test accuracy", epoch => 100 * epoch.TestAccuracy));
        return page;

        Panel Of(string heading, Func<RunEpoch, double> value)
        {
            int seeds = curves[0].Runs.Length;
            Panel panel = new(
                seeds > 1 ? $"{heading}, mean and range of {seeds} seeds" : heading, time, new Axis("accuracy, %"));
            for (int c = 0; c < curves.Length; c++)
            {
                (RunArm arm, RunEpoch[][] runs) = curves[c];
                double[][] y = [.. runs[0].Select((_, e) => runs.Select(run => value(run[e])).ToArray())];
                (double[], double[]) range = ([.. y.Select(values => values.Min())], [.. y.Select(values => values.Max())]);
                double[] epochs = [.. runs[0].Select(epoch => (double)epoch.Epoch * arm.Passes)];
                panel.Add(new Curve(arm.Name, epochs, [.. y.Select(values => values.Average())])
                {
                    Width = 2.5f,
                    Pattern = arm.Method is null ? LinePattern.Solid : LinePattern.Dashed,
                    Marker = Look.MarkerOf(c),
                    MostMarks = 20,
                    Band = seeds > 1 ? range : null,
                });
            }

            return panel;
        }
    }
}
