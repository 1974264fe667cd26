using PacGen.Nn;
using PacGen.Plots;

namespace PacGen.Benchmarks.Certification;

/// <summary>The plots of a certificate's report: what is guaranteed beside what was seen.</summary>
internal static class CertifyPlots
{
    /// <summary>The panels with their heights, of one posterior.</summary>
    public static IReadOnlyList<(Panel Panel, int Height)> Of(Certificate certificate) =>
    [
        Errors(
            ("guaranteed: Seeger and Maurer", certificate.ZeroOne.Value, true),
            ("guaranteed: by the excess", certificate.Excess.Value, true),
            ("guaranteed: one draw, kept", certificate.OneDraw.Bound.Value, true),
            ("guaranteed: compressed", certificate.Compressed?.Bound.Value ?? double.NaN, true),
            ("guaranteed: binomial test of w₀", certificate.HeldOutBound, true),
            ("seen on S₁: w + u", certificate.ZeroOne.Sample, false),
            ("seen on S₁: w₀", certificate.HeldOutLoss, false),
            ("seen on test: w + u", certificate.TestImages > 0 ? certificate.ZeroOne.TestLoss : double.NaN, false),
            ("seen on test: w", certificate.TestImages > 0 ? certificate.ZeroOne.CentreTestLoss : double.NaN, false)),
    ];

    /// <summary>The panels with their heights, of a progressive certificate.</summary>
    public static IReadOnlyList<(Panel Panel, int Height)> Of(ProgressiveCertificate certificate)
    {
        double[] stages = [.. Enumerable.Range(1, certificate.Stages.Count).Select(stage => (double)stage)];
        Panel panel = new(
            "Each stage, tested before it learns", new Axis("stage") { Whole = true }, new Axis("share of errors"));
        panel.Add(new Curve(
            "on images to be learnt next", stages,
            [.. certificate.Stages.Select(stage => (double)stage.Errors / stage.Images)]) { Marker = Look.MarkerOf(0) });
        panel.Add(new Curve("on test images", stages, [.. certificate.Stages.Select(stage => stage.TestError)])
        {
            Marker = Look.MarkerOf(1), Pattern = ScottPlot.LinePattern.Dashed,
        });
        return
        [
            Errors(
                ("guaranteed: this certificate", certificate.ZeroOne.Value, true),
                ("guaranteed: binomial test, first stage", certificate.HeldOut.Value, true),
                ("seen while certifying", certificate.ZeroOne.Term("L̂"), false),
                ("seen on test", certificate.TestError, false)),
            (panel, 340),
        ];
    }

    private static (Panel Panel, int Height) Errors(params (string Name, double Value, bool IsBound)[] all)
    {
        (string Name, double Value, bool IsBound)[] fromBelow = [.. all.Where(one => double.IsFinite(one.Value)).Reverse()];
        Panel panel = new(
            "Share of errors", new Axis("0-1 loss"), new Axis("") { Places = [.. fromBelow.Select(one => one.Name)] });
        panel.Bars("guaranteed at most", Those(true), horizontal: true);
        panel.Bars("seen", Those(false), horizontal: true, color: Look.ColorOf(4));
        return (panel, 140 + (24 * fromBelow.Length));

        double[] Those(bool bound) => [.. fromBelow.Select(one => one.IsBound == bound ? one.Value : double.NaN)];
    }
}
