using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Nn;
using Spectre.Console;

namespace PacGen.Benchmarks.Certification;

/// <summary>Shows a certification as it goes, and what came of it.</summary>
/// <param name="terminal">Where to show it.</param>
internal sealed class CertifyReport(Terminal terminal)
{
    /// <summary>Says what is certified on what.</summary>
    public void Begin(ModelChoice model, Module network, Dataset images, CertifyOptions options) => terminal.Line(Prose.Line($"""
        {model.Describe(images)}, {network.ParameterCount:N0} parameters; {images.Name} ({images.Origin}), {images.Train.Count:N0}
        + {images.Test.Count:N0} {images.Train.Noun}; prior from {options.PriorFraction:P0}; seed {options.Seed};
        {options.Device!.Name}
        """));

    /// <summary>Says which weights are certified on what.</summary>
    public void Begin(string path, ModelChoice model, Module network, Dataset images, CertifyOptions options) =>
        terminal.Line(Prose.Line($"""
            {path}: {model.Describe(images)}, {network.ParameterCount:N0} parameters; held out: the {images.Test.Count:N0} test
            {images.Test.Noun} of {images.Name} ({images.Origin}); seed {options.Seed}; {options.Device!.Name}
            """));

    /// <summary>Runs a certification under this report.</summary>
    public T Show<T>(Func<IProgress<CertifyProgress>, T> run) =>
        new ProgressReport<CertifyProgress>(terminal, "certify", at => (Where(at), at.Done, at.Total)).Show(run);

    /// <summary>The two certificates with their terms and the test losses, side by side.</summary>
    public void Result(Certificate certificate)
    {
        Table table = Terminal.Table("random weights w + u", "0-1 loss", "bounded cross-entropy", "in nats");
        Row($"certificate, probability {certificate.Confidence:G4}", loss => loss.Value);
        Row("loss on S₁: q̂, the draws' mean", loss => loss.Sample);
        Row("loss on S₁: q̄, its upper limit", loss => loss.SampleLimit);
        if (certificate.TestImages > 0)
        {
            Row("test loss, random weights w + u", loss => loss.TestLoss);
            Row("test loss, weights w", loss => loss.CentreTestLoss);
            Row("test loss, prior's weights w₀", loss => loss.PriorTestLoss);
        }

        terminal.Write(table);
        string prior = certificate.PriorHasOneDeviation ? "prior's deviation σ₀" : "prior's level";
        terminal.Line(Prose.Line($"""
            KL {certificate.Kl:F2}, of it Σ(w − w₀)²/2s² {certificate.KlOfShift:F2}; {prior} {certificate.PriorLevel:G6} of
            K = {certificate.PriorLevels}; δ {certificate.Delta}, δ′ {certificate.DeltaPrime}, N {certificate.Draws:N0}, n
            {certificate.BoundImages:N0}
            """));
        terminal.Line(certificate.Curvature);
        terminal.Line(certificate.Limits);
        Table others = Terminal.Table("0-1 loss, with the same probability", "on S₁", "at most", "of");
        others.AddRow(
            "PAC-Bayes, Seeger and Maurer", $"{certificate.ZeroOne.Sample:F4}", $"{certificate.ZeroOne.Value:F4}",
            "weights w + u, drawn for each image");
        others.AddRow(
            "PAC-Bayes, by the excess over w₀", $"{certificate.ZeroOne.Sample:F4}", $"{certificate.Excess.Value:F4}", "the same");
        others.AddRow(
            "PAC-Bayes, disintegrated", $"{certificate.OneDraw.Bound.Term("L̂(h)"):F4}", $"{certificate.OneDraw.Bound.Value:F4}",
            "one draw of w + u, kept");
        others.AddRow(
            "exact binomial test", $"{certificate.HeldOutLoss:F4}", $"{certificate.HeldOutBound:F4}",
            "weights w₀, fixed before S₁");
        if (certificate.Compressed is { } compressed)
        {
            others.AddRow(
                "compression, exact", $"{compressed.Bound.Term("error rate"):F4}", $"{compressed.Bound.Value:F4}",
                $"weights w₀{(compressed.Numbers.Count == 0 ? "" : $" and {compressed.Numbers}")}, {compressed.Message}");
        }

        terminal.Write(others);
        if (certificate.Compressed is { } chosen)
        {
            Result(chosen);
        }

        Compare(certificate.Comparison);
        bool idle = certificate.HeldOutBound < certificate.ZeroOne.Value;
        terminal.Line(Prose.Line($"""
            An exact binomial test of w₀ on S₁ ({certificate.HeldOutLoss:F4}) guarantees {certificate.HeldOutBound:F4} for w₀ with
            the same probability{(idle ? ": less than the certificate, so PAC-Bayes gained nothing here" : "")}.
            """));
        terminal.Line(Prose.Line($"""
            Certified is the network whose weights are drawn anew for each image, not w. Both certificates of the first table
            together: probability {certificate.JointConfidence:G4}; every row of the second holds by itself, and the least of its
            rows with probability {1 - (others.Rows.Count * (certificate.Delta + certificate.DeltaPrime)):G4}. They assume:
            """));
        foreach (PacGen.Core.Bounds.Assumption assumption in certificate.Assumptions)
        {
            terminal.Line($"  {assumption.Name}: {assumption.Statement}");
        }

        void Row(string what, Func<CertifiedLoss, double> value) => table.AddRow(
            what,
            $"{value(certificate.ZeroOne):F4}",
            $"{value(certificate.CrossEntropy):F5}",
            $"{value(certificate.CrossEntropy) * certificate.Nats:F4}");
    }

    /// <summary>A progressive certificate, stage by stage.</summary>
    public void Result(ProgressiveCertificate certificate)
    {
        Table table = Terminal.Table("stage", "trained on", "then tested on", "errors", "rate", "test error");
        for (int i = 0; i < certificate.Stages.Count; i++)
        {
            ProgressiveStage stage = certificate.Stages[i];
            table.AddRow(
                $"{i + 1}", $"{stage.TrainedOn:N0}", $"{stage.Images:N0}", $"{stage.Errors:N0}",
                $"{(double)stage.Errors / stage.Images:F4}", $"{stage.TestError:F4}");
        }

        terminal.Write(table);
        terminal.Line(Prose.Line($"""
            0-1 loss: at most {certificate.ZeroOne.Value:F4} with probability {certificate.Confidence:G4}, from
            {certificate.ZeroOne.Term("L̂"):F4} on n = {certificate.BoundImages:N0} at C = {certificate.ZeroOne.Term("C = η/n"):F3};
            test error {certificate.TestError:F4}.
            """));
        terminal.Line(Prose.Line($"""
            Bounded cross-entropy: at most {certificate.CrossEntropy.Value:F5}, {certificate.CrossEntropy.Value * certificate.Nats:F4}
            nats, from {certificate.CrossEntropy.Term("L̂"):F5}; test loss {certificate.TestCrossEntropy:F5}.
            """));
        Table tests = Terminal.Table("0-1 loss, with the same probability", "images", "errors", "at most", "test error");
        tests.AddRow(
            $"the mixture of stages, Σ KL {certificate.Kl:F3}", $"{certificate.BoundImages:N0}",
            $"{certificate.ZeroOne.Term("L̂") * certificate.BoundImages:N1}", $"{certificate.ZeroOne.Value:F4}",
            $"{certificate.TestError:F4}");
        AddTest("exact test of the first stage's network", certificate.HeldOut, certificate.Stages[0].TestError);
        int best = (int)certificate.BestStage.Term("stage");
        AddTest(
            $"best of {certificate.Stages.Count} exact tests: stage {best}'s", certificate.BestStage,
            certificate.Stages[best - 1].TestError);
        if (certificate.Control is { } control)
        {
            AddTest(
                $"exact test of the control, {control.Epochs} epochs on the prior's part alone", control.Test,
                control.TestError);
        }

        terminal.Write(tests);
        Compare(certificate.Comparison);
        bool better = certificate.ZeroOne.Value < certificate.HeldOut.Value;
        terminal.Line(Prose.Line($"""
            An exact binomial test of the first stage's network on the same images ({certificate.HeldOut.Term("error rate"):F4})
            guarantees {certificate.HeldOut.Value:F4} with the same probability{(better ? "" : ": less than the certificate")}.
            """));
        terminal.Line(Prose.Line($"""
            Certified is the classifier that draws one of the stages' networks for each image, by the shares of their tests. C was
            fixed by {certificate.GuideImages:N0} images before ({certificate.GuideLoss:F4}). Each certificate holds by itself. They
            assume:
            """));
        foreach (PacGen.Core.Bounds.Assumption assumption in certificate.ZeroOne.Assumptions)
        {
            terminal.Line($"  {assumption.Name}: {assumption.Statement}");
        }

        void AddTest(string what, PacGen.Core.Bounds.BoundResult test, double testError) => tests.AddRow(
            what, $"{test.Term("n"):N0}", $"{test.Term("errors"):N0}", $"{test.Value:F4}", $"{testError:F4}");
    }

    /// <summary>What was tried to compress the network, the best of each number of numbers, and an exact test of the best of
    /// all.</summary>
    private void Result(CompressedNetwork compressed)
    {
        Table table = Terminal.Table("compressed: numbers", "levels", "bits", "errors on S₁", "0-1 loss, at most");
        foreach (CompressionCandidate one in compressed.Candidates.GroupBy(one => one.Numbers).Select(
            group => group.MinBy(one => (one.Bound, one.Bits))!))
        {
            table.AddRow(
                $"{one.Numbers:N0}", one.Numbers == 0 ? "" : $"{one.Levels} {(one.HasCodebook ? "of a codebook" : "even ones")}",
                $"{one.Bits:N0}", $"{one.Errors:N0}", $"{one.Bound:F4}");
        }

        terminal.Write(table);
        terminal.Line(Prose.Line($"""
            The best of {compressed.Candidates.Count} compressed networks, whose choice its bits pay for, has a bounded cross-entropy
            of at most {compressed.CrossEntropy.Value:F5}
            """) + (compressed.Test is not { } test ? "." : Prose.Line($"""
            ; on {test.Term("n"):N0} test images, which it has not seen, it errs on {test.Term("error rate"):F4}, for which an exact
            test guarantees {test.Value:F4}.
            """)));
    }

    /// <summary>What each part of a certificate costs, and what an oracle would have.</summary>
    private void Compare(IReadOnlyList<PacGen.Core.Bounds.OracleComparison> comparison)
    {
        Table table = Terminal.Table("the 0-1 certificate, part by part", "at most", "costs");
        foreach (PacGen.Core.Bounds.OracleComparison row in comparison)
        {
            table.AddRow(row.Name, $"{row.Value:F4}", $"{row.Cost:F4}");
        }

        terminal.Write(table);
    }

    private static string Where(in CertifyProgress at)
    {
        bool training = at.Phase is CertifyPhase.Prior or CertifyPhase.Posterior or CertifyPhase.Compressing;
        return Prose.Line($"""
            {What(at.Phase)}, {(training ? "step" : "draw")} {at.Done:N0}/{at.Total:N0}, {(training ? "loss" : "error")}
            {at.Loss:F4}, {Math.Ceiling(at.Remaining.TotalSeconds):F0} s left of this part
            """);
    }

    private static string What(CertifyPhase phase) => phase switch
    {
        CertifyPhase.Prior => "training the prior",
        CertifyPhase.Posterior => "training a posterior or a stage",
        CertifyPhase.Choosing => "choosing the prior",
        CertifyPhase.Compressing => "training a compressed network",
        CertifyPhase.Drawing => "drawing weights",
        _ => "testing",
    };
}
