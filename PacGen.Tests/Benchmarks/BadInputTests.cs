using System.Buffers.Binary;
using System.IO.Compression;

namespace PacGen.Tests.Benchmarks;

/// <summary>
/// Each thing that a person can get wrong is one line on standard error that says what to do, and a code that is not 0.
/// </summary>
internal sealed class BadInputTests
{
    [TestCase("train --epocs 3", "did you mean --epochs")]
    [TestCase("train --flavour 3", "There is no option --flavour. See pacgen train --help.")]
    [TestCase("train --precision bf8", "--precision takes single, bf16, not 'bf8'.")]
    [TestCase("score --precision bf16", "There is no option --precision. See pacgen score --help.")]
    [TestCase("certify --precision bf16", "There is no option --precision. See pacgen certify --help.")]
    [TestCase("train --cn 3", "did you mean --clip-norm?")]
    [TestCase("train --wu 3", "did you mean --warm-up?")]
    [TestCase("train --rate 3", "did you mean --learning-rate?")]
    [TestCase("train --learn 3", "did you mean --learning-rate?")]
    [TestCase("train --batch 3", "did you mean --batch-size?")]
    [TestCase("train --lrr 3", "did you mean --lr?")]
    [TestCase("train --lr NaN", "--learning-rate is 'NaN'")]
    [TestCase("help trian", "did you mean train")]
    [TestCase("train --psi-images 2000", "--psi-images is 2000, but there are 1438 training samples")]
    [TestCase("train --psi-images 30 --psi-batch-size 31", "must be at most the 30 samples of --psi-images")]
    [TestCase("train --plot a.gif", ".png, .jpg, .jpeg, .webp, .bmp, .svg or .pdf, not .gif")]
    [TestCase("train --plot a.svgz", ".png, .jpg, .jpeg, .webp, .bmp, .svg or .pdf, not .svgz")]
    [TestCase("train --save w.pt", "a file of weights is written as .safetensors, not .pt")]
    [TestCase("train --log log.csv", ".jsonl, .ndjson, .json, .log or .txt, not .csv")]
    [TestCase("--output a.eps", ".png, .jpg, .jpeg, .webp, .bmp, .svg or .pdf, not .eps")]
    [TestCase("certify --output c.csv", "a certificate is written as .json, not .csv")]
    [TestCase("bench --device cpu --output b.csv", "a page of tables is written as .md or .txt, not .csv")]
    [TestCase("trian", "did you mean train")]
    [TestCase("frobnicate", "there are train, score, measure, certify, export, devices, bench, compare")]
    [TestCase("frobnicate --help", "there are train, score, measure, certify, export, devices, bench, compare")]
    [TestCase("--dataset mnist", "pacgen train --dataset")]
    [TestCase("train --optimizer adm", "did you mean adam")]
    [TestCase("train --dataset cifar", "digits, penguins, mnist, fashion-mnist")]
    [TestCase("train --epochs", "--epochs")]
    [TestCase("train --epochs 0", "1 or more")]
    [TestCase("train --epochs 1.5", "1 or more")]
    [TestCase("train --epochs 1 --epochs 2", "--epochs")]
    [TestCase("train --learning-rate NaN", "(0, ∞)")]
    [TestCase("train --learning-rate 0,1", "(0, ∞)")]
    [TestCase("train --learning-rate 1e-50", "in single precision at least 1.2E-38")]
    [TestCase("train --learning-rate 1e39", "in single precision at most 3.4E+38")]
    [TestCase("train --clip-norm 1e-300", "in single precision at least 1.2E-38")]
    [TestCase("train --clip-norm NaN", "(0, ∞)")]
    [TestCase("train --weight-decay 1e-60", "in single precision at least 1.2E-38")]
    [TestCase("train --optimizer momentum --momentum 0.99999999999", "in single precision at most 0.9999999")]
    [TestCase("train --schedule step --step-factor 1e-50", "in single precision at least 1.2E-38")]
    [TestCase("train --perturb uniform --eta 1e-320", "in single precision at least 1.2E-38")]
    [TestCase("train --perturb uniform --beta1 0.99999999999", "in single precision at most 0.9999999")]
    [TestCase("train --beta1 1", "(0, 1)")]
    [TestCase("train --accumulate 0", "1 or more")]
    [TestCase("train --accumulate 3", "1, 2, 4, 8, 16, 32, 64")]
    [TestCase("train --early-stop 0", "1 or more")]
    [TestCase("train --best-by test-los --checkpoint c", "did you mean test-loss")]
    [TestCase("train --best-by test-loss", "--early-stop EPOCHS or --checkpoint FOLDER")]
    [TestCase("train --early-stop 2 --best-by psi --psi off", "--psi on")]
    [TestCase("train --tensorboard --json", "--tensorboard needs the name of a folder")]
    [TestCase("train --seed -1", "0 to 18446744073709551615")]
    [TestCase("train --hidden 3,x", "commas")]
    [TestCase("train --log --json", "--log needs the name of a file")]
    [TestCase("train --sharpness-rho 0.1", "--sharpness sam or asam")]
    [TestCase("train --sharpness sam --perturb uniform", "leave one of them out")]
    [TestCase("train --eta 3", "--perturb uniform, truncated-gaussian or gaussian")]
    [TestCase("train --perturb uniform --sigma fixed --beta2 1", "--sigma optimal or kappa")]
    [TestCase("train --perturb uniform --sigma kappa --eta 1", "--sigma optimal")]
    [TestCase("train --two-point", "--perturb uniform")]
    [TestCase("train --ivon-beta2 0.9", "--optimizer ivon")]
    [TestCase("train --optimizer ivon --perturb uniform", "leave --perturb")]
    [TestCase("train --optimizer ivon --weight-decay 0", "above 0")]
    [TestCase("train --average-decay 0.9", "--average ema")]
    [TestCase("train --average swa --average-start 11 --epochs 10", "--average-start is 11")]
    [TestCase("train --average swa --running-statistics training --model wide-resnet", "--running-statistics training")]
    [TestCase("train --perturb truncated-gausian", "did you mean truncated-gaussian")]
    [TestCase("train --perturb laplace", "none, uniform, truncated-gaussian")]
    [TestCase("train --momentum 0.5", "--optimizer momentum")]
    [TestCase("train --psi off --psi-draws 2", "--psi on")]
    [TestCase("train --curvature training --psi-batch-size 32", "--curvature pass")]
    [TestCase("train --warm-up 10 --epochs 10", "fewer")]
    [TestCase("train --model mnist-cnn", "--dataset mnist")]
    [TestCase("train --device simulator --threads 2", "--device cpu")]
    [TestCase("train --device cpu --products tf32", "--device cuda")]
    [TestCase("train --convolutions fft", "fastest, direct, winograd2, winograd4")]
    [TestCase("train --device cpu --tiles measured", "--device cuda")]
    [TestCase("train --tiles largest", "fixed, reckoned, measured")]
    [TestCase("train --products fp16", "single, tf32, cublas, cublas-tf32")]
    [TestCase("train extra", "'extra'")]
    [TestCase("score", "--weights")]
    [TestCase("certify --delta 0", "(0, 1)")]
    [TestCase("certify --delta 0.6 --delta-prime 0.5", "make them smaller")]
    [TestCase("certify --draws 0", "1 or more")]
    [TestCase("certify --eta 0", "(0, ∞)")]
    [TestCase("certify --stages 0", "1 or more")]
    [TestCase("certify --p-min 1", "(0, 1)")]
    [TestCase("certify --prior-levels 1,x", "commas")]
    [TestCase("certify --model mnist-cnn", "--dataset mnist")]
    [TestCase("certify --model mnist-cnn --dataset mnist --hidden 3", "--model mlp")]
    [TestCase("bench --filter Nothing", "matches no benchmark")]
    [TestCase("bench --threads 2", "--quick")]
    [TestCase("train --hidden 2147483647,2147483647", "take a smaller model")]
    [TestCase("train --model wide-resnet --depth 2147483644", "take a smaller model")]
    [TestCase("train --model wide-resnet --widen 2147483647", "take a smaller model")]
    [TestCase("certify --hidden 2147483647,2147483647", "take a smaller model")]
    public void CommandLine(string line, string says)
    {
        ProgramRun run = ProgramRun.Of(line.Split(' '));
        run.RequireRefusal(2, says);
        Assert.That(run.Output, Is.Empty);
    }

    /// <summary>2.5 · 10⁹ parameters: too many for the machine, or where it is large, for one array.</summary>
    [Test]
    public void ModelOfMoreParametersThanAnArrayHolds()
    {
        ProgramRun run = ProgramRun.Of("train", "--hidden", "50000,50000", "--device", "cpu");
        run.RequireRefusal(run.ExitCode, "take a smaller");
        Assert.That(run.ExitCode, Is.EqualTo(1).Or.EqualTo(2));
        Assert.That(run.Error, Does.Not.Contain("unexpected"));
        Assert.That(run.Output, Is.Empty);
    }

    /// <summary>
    /// A signal while a model is built ends the process, for nothing there looks at a token; elsewhere the step is finished.
    /// </summary>
    [Test]
    public void SignalWhileAModelIsBuilt()
    {
        using PacGen.Benchmarks.StopRequest stop = new();
        using StringWriter error = new();
        Assert.That(stop.Build(() => stop.Hear(143, error)), Is.False);
        Assert.That(error.ToString(), Does.Contain("before there was anything to keep"));
        Assert.That(stop.Requested, Is.False);
        Assert.That(stop.Hear(143, error), Is.True);
        Assert.That((stop.Requested, stop.ExitCode), Is.EqualTo((true, 143)));
        Assert.That(stop.Hear(143, error), Is.False, "the second ends it");
    }

    [Test]
    public void BatchLargerThanTheData() => ProgramRun.Of("train", "--batch-size", "1439").RequireRefusal(
        2, "--batch-size is 1439, but there are 1438 training images");

    /// <summary>10⁻³⁰ is a number in single precision, but w − 10⁻³⁰·g is w there unless w is as small.</summary>
    [TestCase("--learning-rate", "1e-30", true)]
    [TestCase("--clip-norm", "1e-30", true)]
    [TestCase("--learning-rate", "1e-3", false)]
    public void StepsThatChangeNothingAreSaid(string option, string value, bool said)
    {
        ProgramRun run = ProgramRun.Of(
            "train", "--limit", "64", "--hidden", "4", "--epochs", "2", "--psi", "off", option, value);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        const string Warning = "the train loss is the same after each epoch";
        Assert.That(run.Output.Contains(Warning, StringComparison.Ordinal), Is.EqualTo(said), run.Output);
    }

    [Test]
    public void DeviceThatIsNotThere() => ProgramRun.Of("train", "--device", "cuda:7").RequireRefusal(1, "Found: cpu");

    [TestCase("tf32", "compute capability 8.0")]
    [TestCase("cublas", "cuBLAS")]
    public void DeviceThatCannotMultiplySo(string products, string says) =>
        ProgramRun.Of("train", "--device", "simulator", "--products", products).RequireRefusal(1, says);

    [TestCase("reckoned")]
    [TestCase("measured")]
    public void DeviceWithoutStagedTiles(string tiles) =>
        ProgramRun.Of("train", "--device", "simulator", "--tiles", tiles).RequireRefusal(1, "compute capability 8.0");

    [Test]
    public void DeviceOfNoKnownName() => ProgramRun.Of("train", "--device", "abacus").RequireRefusal(1, "simulator");

    [Test]
    public void MissingDataFolder()
    {
        using Folder folder = new();
        ProgramRun.Of("train", "--dataset", "mnist", "--data", folder["none"]).RequireRefusal(1, folder["none"]);
    }

    [Test]
    public void FolderWithoutTheFiles()
    {
        using Folder folder = new();
        ProgramRun.Of("train", "--dataset", "mnist", "--no-download", "--data", folder[""]).RequireRefusal(1, "train-images");
    }

    [TestCase(false)]
    [TestCase(true)]
    public void TruncatedImages(bool compressed)
    {
        using Folder folder = new();
        byte[] header = new byte[16];
        BinaryPrimitives.WriteInt32BigEndian(header, 0x803);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), 60_000);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), 28);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(12), 28);
        foreach (string name in (string[])[
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
        {
            using Stream file = compressed
                ? new GZipStream(File.Create(folder[$"{name}.gz"]), CompressionLevel.Fastest)
                : File.Create(folder[name]);
            file.Write(header);
        }

        ProgramRun.Of("train", "--dataset", "mnist", "--data", folder[""]).RequireRefusal(1, folder[""]);
    }

    [Test]
    public void LearningRateThatDiverges()
    {
        using Folder folder = new();
        ProgramRun run =
            ProgramRun.Of("train", "--learning-rate", "1e9", "--epochs", "1", "--save", folder["w"], "--plot", folder["p.png"]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1));
        Assert.That(run.Error, Does.StartWith("pacgen: ").And.Contain("learning rate").And.Contain("step"));
        Assert.That(folder.Files, Is.Empty);
    }

    [TestCase("--log")]
    [TestCase("--plot")]
    [TestCase("--save")]
    public void FileThatCanNotBeWritten(string option)
    {
        using Folder folder = new();
        ProgramRun missing = ProgramRun.Of("train", option, folder["none/file"]);
        missing.RequireRefusal(1, option);
        Assert.That(missing.Output, Is.Empty, "the check comes before training");
        ProgramRun.Of("train", option, folder["."]).RequireRefusal(1, "folder");
        Assert.That(folder.Files, Is.Empty);
    }

    [Test]
    public void OutputOfTheMainJobThatCanNotBeWritten()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of("--output", folder["none/curves.png"]);
        run.RequireRefusal(1, "--output");
        Assert.That(run.Output, Is.Empty);
    }

    [Test]
    public void CertificateThatCanNotBeWritten()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of("certify", "--output", folder["none/c.json"]);
        run.RequireRefusal(1, "--output");
        Assert.That(run.Output, Is.Empty, "the check comes before training");
    }

    [Test]
    public void WeightsThatAreNotThereOrDamaged()
    {
        using Folder folder = new();
        ProgramRun.Of("score", "--weights", folder["w"]).RequireRefusal(1, "is not there");
        File.WriteAllText(folder["w"], "something else\n");
        ProgramRun.Of("score", "--weights", folder["w"]).RequireRefusal(1, "no safetensors file");
        ProgramRun.Of("train", "--epochs", "1", "--save", folder["w"]).RequireRefusal(1, "left alone");
        Assert.That(File.ReadAllText(folder["w"]), Is.EqualTo("something else\n"));
        File.Delete(folder["w"]);
        Assert.That(ProgramRun.Of("train", "--epochs", "1", "--psi", "off", "--save", folder["w"]).ExitCode, Is.Zero);
        byte[] good = File.ReadAllBytes(folder["w"]);
        File.WriteAllBytes(folder["w"], good[..^1]);
        ProgramRun.Of("score", "--weights", folder["w"]).RequireRefusal(1, "damaged");
        good[^1] ^= 1;
        File.WriteAllBytes(folder["w"], good);
        ProgramRun.Of("score", "--weights", folder["w"]).RequireRefusal(1, "checksum");
    }

    [Test]
    public void WeightsOfAnotherModel()
    {
        using Folder folder = new();
        Assert.That(ProgramRun.Of("train", "--epochs", "1", "--psi", "off", "--save", folder["w"]).ExitCode, Is.Zero);
        ProgramRun.Of("train", "--model", "wide-resnet", "--depth", "12").RequireRefusal(2, "--depth is 12");
        ProgramRun.Of("train", "--depth", "16").RequireRefusal(2, "--model wide-resnet");
        ProgramRun.Of("score", "--weights", folder["w"], "--hidden", "64").RequireRefusal(2,
            "(64, 64). Leave --model, --hidden, --depth, --widen and --dataset out");
    }
}
