using System.Diagnostics;
using System.Globalization;
using PacGen.Benchmarks.Reporting;
using PacGen.Nn;
using Spectre.Console;

namespace PacGen.Benchmarks.Certification;

/// <summary>Shows a certification as it goes, a bar on a terminal and else a line now and then, and what came of it.</summary>
/// <param name="terminal">Where to show it.</param>
internal sealed class CertifyReport(Terminal terminal)
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    /// <summary>Runs a certification under this report.</summary>
    public Certificate Show(Func<IProgress<CertifyProgress>, Certificate> run) => !terminal.IsInteractive
        ? run(new PlainProgress(terminal))
        : terminal.Console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 }, new PercentageColumn())
            .Start(context => run(new BarProgress(context.AddTask("certify"))));

    /// <summary>The two certificates with their terms and the test losses, side by side.</summary>
    public void Result(Certificate certificate)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("random weights w + u");
        table.AddColumn(new TableColumn("0-1 loss").RightAligned());
        table.AddColumn(new TableColumn("bounded cross-entropy").RightAligned());
        table.AddColumn(new TableColumn("in nats").RightAligned());
        Row(string.Create(CultureInfo.InvariantCulture, $"certificate, probability {certificate.Confidence:G4}"), loss => loss.Value);
        Row("loss on S₁: q̂, the draws' mean", loss => loss.Sample);
        Row("loss on S₁: q̄, its upper limit", loss => loss.SampleLimit);
        Row("test loss, random weights w + u", loss => loss.TestLoss);
        Row("test loss, weights w", loss => loss.CentreTestLoss);
        Row("test loss, prior's weights w₀", loss => loss.PriorTestLoss);
        terminal.Write(table);
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"KL {certificate.Kl:F2}, of it Σ(w − w₀)²/2s² {certificate.KlOfShift:F2}; prior's level {certificate.PriorLevel:G6} of K = {certificate.PriorLevels}; δ {certificate.Delta}, δ′ {certificate.DeltaPrime}, N {certificate.Draws:N0}, n {certificate.BoundImages:N0}"));
        terminal.Line(certificate.Limits);
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"Testing w₀ on S₁ alone ({certificate.HeldOutLoss:F4}) guarantees {certificate.HeldOutBound:F4} for w₀ with the same probability{(certificate.HeldOutBound < certificate.ZeroOne.Value ? ": less than the certificate, so PAC-Bayes gained nothing here" : "")}."));
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"Certified is the network whose weights are drawn anew for each image, not w. Both certificates together: probability {certificate.JointConfidence:G4}. They assume:"));
        foreach (PacGen.Core.Bounds.Assumption assumption in certificate.Assumptions)
        {
            terminal.Line($"  {assumption.Name}: {assumption.Statement}");
        }

        void Row(string what, Func<CertifiedLoss, double> value) => table.AddRow(
            what,
            value(certificate.ZeroOne).ToString("F4", CultureInfo.InvariantCulture),
            value(certificate.CrossEntropy).ToString("F5", CultureInfo.InvariantCulture),
            (value(certificate.CrossEntropy) * certificate.Nats).ToString("F4", CultureInfo.InvariantCulture));
    }

    private static string Where(in CertifyProgress at) => string.Create(
        CultureInfo.InvariantCulture,
        $"{What(at.Phase)}, {(at.Phase is CertifyPhase.Prior or CertifyPhase.Posterior ? "step" : "draw")} {at.Done:N0}/{at.Total:N0}, {(at.Phase is CertifyPhase.Prior or CertifyPhase.Posterior ? "loss" : "error")} {at.Loss:F4}, {Math.Ceiling(at.Remaining.TotalSeconds):F0} s left of this part");

    private static string What(CertifyPhase phase) => phase switch
    {
        CertifyPhase.Prior => "training the prior",
        CertifyPhase.Posterior => "training a posterior",
        CertifyPhase.Choosing => "choosing the prior's level",
        CertifyPhase.Drawing => "drawing weights",
        _ => "testing",
    };

    private sealed class BarProgress(ProgressTask task) : IProgress<CertifyProgress>
    {
        public void Report(CertifyProgress value)
        {
            task.Description = Markup.Escape(Where(value));
            task.MaxValue = value.Total;
            task.Value = value.Done;
        }
    }

    private sealed class PlainProgress(Terminal terminal) : IProgress<CertifyProgress>
    {
        private long told = Stopwatch.GetTimestamp();

        public void Report(CertifyProgress value)
        {
            if (Stopwatch.GetElapsedTime(told) > PlainInterval)
            {
                told = Stopwatch.GetTimestamp();
                terminal.Line(Where(value));
            }
        }
    }
}
