using PacGen.Nn;

namespace PacGen.Plots;

/// <summary>Runs that a <see cref="TrainingPlot"/> shows as one: their mean, and their range where there are several.</summary>
/// <param name="Name">What tells them from others; "" where there are no others.</param>
/// <param name="Runs">The epochs of each run: at least one run.</param>
internal sealed record TrainingCurves(string Name, params IReadOnlyList<IReadOnlyList<EpochResult>> Runs)
{
    /// <summary>How many epochs every run has.</summary>
    public int Epochs => Runs.Min(run => run.Count);

    /// <summary>A number at each epoch: its mean over the runs, and its least and largest value.</summary>
    public (double[] Mean, double[] Low, double[] High) Of(Func<EpochResult, double> value)
    {
        double[][] values = [.. Enumerable.Range(0, Epochs).Select(epoch => Runs.Select(run => value(run[epoch])).ToArray())];
        return (Each(all => all.Average()), Each(all => all.Min()), Each(all => all.Max()));

        double[] Each(Func<double[], double> of) => [.. values.Select(of)];
    }
}
