namespace PacGen.Tests.Benchmarks;

internal sealed class HelpTests
{
    [TestCase(
        "", "--output", "--size", "--text-scale", "--epochs", "--seed", "--device", "--products", "--convolutions", "--threads")]
    [TestCase(
        "train", "--dataset", "--model", "--hidden", "--depth", "--widen", "--form", "--width", "--dropout",
        "--running-statistics", "--precision", "--augment",
        "--average", "--average-start", "--average-decay", "--sigma", "--noise-schedule",
        "--noise-warm-up", "--two-point", "--bias-correction", "--ivon-beta2",
        "--ivon-hessian", "--ivon-examples", "--optimizer", "--perturb", "--epochs", "--batch-size", "--accumulate",
        "--learning-rate", "--momentum",
        "--weight-decay", "--eta", "--gamma", "--epsilon", "--beta1", "--beta2", "--schedule", "--step-epochs", "--step-factor",
        "--warm-up", "--clip-norm", "--sharpness", "--sharpness-rho",
        "--psi", "--psi-gamma", "--psi-epsilon", "--psi-rho", "--psi-images", "--psi-batch-size", "--psi-draws", "--curvature",
        "--seed", "--device", "--products", "--convolutions",
        "--threads", "--labels", "--limit", "--image-size", "--data", "--no-download", "--early-stop", "--best-by", "--log",
        "--tensorboard", "--plot", "--size", "--text-scale", "--columns", "--csv", "--report", "--seeds", "--save",
        "--checkpoint", "--checkpoint-every", "--keep", "--resume", "--without", "--json")]
    [TestCase(
        "score", "--weights", "--dataset", "--model", "--hidden", "--depth", "--widen", "--form", "--width",
        "--layout", "--reference", "--psi-gamma",
        "--psi-epsilon", "--psi-images", "--psi-batch-size", "--psi-draws", "--parts", "--csv", "--report",
        "--seed", "--device", "--products", "--convolutions", "--threads", "--labels", "--limit", "--image-size", "--data",
        "--no-download",
        "--json")]
    [TestCase(
        "measure", "--weights", "--dataset", "--model", "--hidden", "--depth", "--widen", "--form", "--width", "--layout",
        "--reference", "--parts",
        "--measures", "--list", "--initial", "--initial-seed", "--images", "--layers", "--csv", "--density", "--size",
        "--text-scale", "--report", "--seed", "--device",
        "--products", "--convolutions", "--threads", "--labels", "--limit", "--image-size", "--data", "--no-download", "--json")]
    [TestCase(
        "certify", "--dataset", "--model", "--hidden", "--depth", "--widen", "--form", "--width",
        "--weights", "--layout", "--stages", "--prior-rate", "--posterior-rate", "--crop", "--flip", "--prior-fraction",
        "--prior-epochs", "--parts",
        "--stage-memory", "--control", "--compress", "--compress-dimensions", "--compress-levels", "--compress-epochs",
        "--compress-rate", "--prior-sigmas", "--posterior-sigma", "--sigma-rate", "--save",
        "--posterior-epochs", "--posterior-optimizer", "--objective", "--batch-size", "--prior-levels", "--eta",
        "--gamma", "--epsilon", "--delta", "--delta-prime", "--draws", "--p-min", "--seed", "--device", "--products",
        "--convolutions", "--threads",
        "--labels", "--limit", "--image-size", "--data", "--no-download", "--output", "--csv", "--report", "--json")]
    [TestCase(
        "export", "--weights", "--dataset", "--model", "--hidden", "--depth", "--widen", "--form", "--width", "--layout",
        "--reference", "--output", "--device", "--products", "--convolutions", "--threads", "--labels", "--limit", "--image-size",
        "--data",
        "--no-download")]
    [TestCase("devices", "--json")]
    [TestCase("completion")]
    [TestCase("completion bash")]
    [TestCase("completion zsh")]
    [TestCase("completion fish")]
    [TestCase("completion powershell")]
    [TestCase(
        "bench", "--quick", "--device", "--products", "--convolutions", "--threads", "--seconds", "--filter", "--peer",
        "--output", "--profile", "--startup")]
    [TestCase("compare", "--threads", "--seconds", "--filter", "--output")]
    [TestCase("figure")]
    [TestCase("figure 1", "--output", "--size", "--format", "--text-scale", "--seed", "--points", "--survey", "--threads")]
    [TestCase("figure 2", "--output", "--size", "--format", "--text-scale", "--sigma")]
    [TestCase(
        "figure 7", "--output", "--size", "--format", "--text-scale", "--dataset", "--scale", "--seeds", "--epochs",
        "--depth", "--widen", "--batch-size",
        "--accumulate", "--learning-rate", "--eta", "--gamma", "--augment",
        "--average", "--average-start", "--average-decay", "--running-statistics", "--runs", "--device", "--products",
        "--convolutions",
        "--threads", "--labels", "--limit", "--image-size", "--data",
        "--no-download", "--beside", "--jobs", "--shard")]
    [TestCase(
        "figure 3", "--output", "--size", "--format", "--text-scale", "--folder", "--study", "--seeds", "--measure", "--jobs",
        "--checkpoint-seconds",
        "--device", "--products", "--convolutions", "--threads", "--data", "--no-download")]
    [TestCase(
        "figure 4", "--output", "--size", "--format", "--text-scale", "--folder", "--study", "--seeds", "--measure", "--jobs",
        "--checkpoint-seconds",
        "--device", "--products", "--convolutions", "--threads", "--data", "--no-download")]
    [TestCase(
        "figure 5", "--output", "--size", "--format", "--text-scale", "--folder", "--study", "--seeds", "--measure", "--jobs",
        "--checkpoint-seconds",
        "--device", "--products", "--convolutions", "--threads", "--data", "--no-download")]
    [TestCase(
        "figure 6", "--output", "--size", "--format", "--text-scale", "--folder", "--study", "--seeds", "--measure", "--jobs",
        "--checkpoint-seconds",
        "--device", "--products", "--convolutions", "--threads", "--data", "--no-download")]
    [TestCase("study")]
    [TestCase("study report", "--folder", "--output", "--replicates", "--splits", "--test-images", "--seed")]
    [TestCase(
        "study run", "--shard",
        "--folder", "--study", "--jobs", "--checkpoint-seconds", "--device", "--products", "--convolutions",
        "--threads", "--data",
        "--no-download", "--seeds", "--moments", "--measures", "--measures-by-epoch", "--measure-images", "--dataset", "--labels",
        "--limit", "--image-size",
        "--label-noise", "--test-limit", "--model", "--hidden", "--depth", "--widen", "--form", "--width", "--dropout",
        "--stop-loss", "--least-epochs", "--average", "--average-start", "--average-decay", "--sigma", "--noise-schedule",
        "--noise-warm-up", "--two-point",
        "--bias-correction", "--ivon-beta2", "--ivon-hessian",
        "--ivon-examples", "--optimizer", "--perturb", "--epochs",
        "--batch-size", "--accumulate", "--learning-rate", "--momentum", "--weight-decay", "--eta", "--gamma", "--epsilon",
        "--beta1", "--beta2", "--schedule", "--step-epochs", "--step-factor", "--warm-up", "--clip-norm", "--sharpness",
        "--sharpness-rho", "--augment", "--running-statistics")]
    [TestCase("study show", "--folder", "--json")]
    [TestCase("study export", "--folder", "--output", "--times")]
    public void ListsEveryOption(string verb, params string[] options)
    {
        ProgramRun help = ProgramRun.Of(["help", .. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--all"]);
        string[] listed = [.. help.OutputLines.Where(line => line.StartsWith("  --", StringComparison.Ordinal))
            .Select(line => line.Trim().Split(' ')[0].TrimEnd(','))];
        Assert.That(help.ExitCode, Is.Zero);
        Assert.That(help.Error, Is.Empty);

        // What takes images of any set takes tables too, and normalises them by an option.
        string[] tables = options.Contains("--image-size")
            ? ["--target", "--target-kind", "--ignore", "--missing", "--test-part", "--test-seed", "--normalization"] : [];
        Assert.That(
            listed.Where(option => option is not ("--version" or "--help" or "--help-all")),
            Is.EquivalentTo(options.Concat(tables)));
        Assert.That(help.Output, Does.Not.Contain(" { ").And.Not.Contain("System."), "a default that shows its type's fields");
    }

    [TestCase("help", "--help")]
    [TestCase("help train", "train --help")]
    [TestCase("help figure 1", "figure 1 --help")]
    public void HelpIsAVerbToo(string line, string same)
    {
        ProgramRun help = ProgramRun.Of(line.Split(' '));
        Assert.That(help, Is.EqualTo(ProgramRun.Of(same.Split(' '))));
        Assert.That(help.ExitCode, Is.Zero);
        Assert.That(help.Output, Does.StartWith("Description:"));
    }

    /// <summary>The short help explains some options and names all others.</summary>
    [TestCase("train")]
    [TestCase("score")]
    [TestCase("measure")]
    [TestCase("certify")]
    [TestCase("export")]
    [TestCase("study run")]
    [TestCase("figure 7")]
    [TestCase("experiment hyper")]
    [TestCase("experiment optimizers")]
    public void TheShortHelpNamesWhatItDoesNotExplain(string verb)
    {
        ProgramRun brief = ProgramRun.Of([.. verb.Split(' '), "--help"]);
        ProgramRun whole = ProgramRun.Of(["help", .. verb.Split(' '), "--all"]);
        string[] all = [.. whole.OutputLines.Where(line => line.StartsWith("  --", StringComparison.Ordinal)).Select(
            line => line.Trim().Split(' ', ',')[0])];
        string[] named = [.. brief.Output.Split((char[])[' ', ',', '\n'], StringSplitOptions.RemoveEmptyEntries)];
        Assert.That(all.Where(option => !named.Contains(option)), Is.Empty);
        Assert.That(brief.OutputLines, Has.Length.LessThan(whole.OutputLines.Length));
        Assert.That(brief.Output, Does.Contain("Main options:").And.Contain($"pacgen help {verb} --all"));
    }

    [Test]
    public void NamesEveryVerb() => Assert.That(ProgramRun.Of("--help").Output, Does
        .Contain("train").And.Contain("score").And.Contain("certify").And.Contain("figure").And.Contain("experiment")
        .And.Contain("devices").And.Contain("bench").And.Contain("compare"));

    [TestCase("--learning-rate, --lr", "(0, ∞)", "0.001 for adam")]
    [TestCase("--epochs", "1 or more", "[default: 10]")]
    [TestCase("--eta", "(0, ∞)", "100 for sgd")]
    [TestCase("--momentum", "[0, 1)", "without it 0.9")]
    public void SaysRangeAndDefault(string option, string range, string fallback)
    {
        string help =
            string.Join(' ', ProgramRun.Of("help", "train", "--all").Output.Split(
                (char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        string text = help[help.IndexOf($"{option} <", StringComparison.Ordinal)..];
        int next = text.IndexOf("> ", text.IndexOf('>', StringComparison.Ordinal) + 1, StringComparison.Ordinal);
        text = text[..next];
        Assert.That(text, Does.Contain(range).And.Contain(fallback));
    }

    /// <summary>What a shell's script asks: the line, and where the cursor is in it.</summary>
    [TestCase("pacgen tra", "train")]
    [TestCase("pacgen train --plo", "--plot")]
    [TestCase("pacgen train --optimizer ad", "adam", "adamw")]
    [TestCase("pacgen train --dataset par", "parquet:")]
    [TestCase("pacgen study re", "report")]
    [TestCase("pacgen no-such-verb --plo")]
    public void Suggests(string line, params string[] words)
    {
        ProgramRun suggested = ProgramRun.Of($"[suggest:{line.Length}]", line);
        Assert.That(suggested.ExitCode, Is.Zero);
        Assert.That(suggested.OutputLines.Select(word => word.TrimEnd('\r')), Is.EqualTo(words));
    }

    [Test]
    public void DevicesListsTheCpuAndWhatIsMissing()
    {
        ProgramRun devices = ProgramRun.Of("devices");
        Assert.That(devices.ExitCode, Is.Zero);
        Assert.That(devices.Output, Does.Contain("cpu").And.Contain("simulator").And.Contain("GiB"));
    }
}
