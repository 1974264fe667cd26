using System.Text.Json.Nodes;
using PacGen.Benchmarks;
using PacGen.Nn;

namespace PacGen.Tests.Benchmarks;

internal sealed class CertifyVerbTests
{
    private static readonly string[] Any = [
        "certify", "--hidden", "16", "--prior-epochs", "5", "--posterior-epochs", "1", "--prior-levels", "100,1000"];

    private static readonly string[] Quick = [.. Any, "--draws", "700"], Stages = [.. Any, "--stages"];

    [Test]
    public void PrintsTheCertificateItsTermsAndWhatItAssumes()
    {
        ProgramRun run = ProgramRun.Of(Quick);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("certificate, probability 0.965").And.Contain("q̂").And.Contain("q̄").And.Contain(
            "KL ").And.Contain("test loss, weights w")
            .And.Contain("They assume:").And.Contain("one distribution").And.Contain("log K 0.7").And.Contain(
                "drawn anew for each image").And.Contain("probability 0.93"));
    }

    [Test]
    public void JsonAndFileHaveAllTerms()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(
            [.. Quick, "--json", "--output", folder["c.json"], "--delta", "0.05", "--delta-prime", "0.02", "--p-min", "1e-4",
            "--prior-fraction", "0.4"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.OutputLines, Has.Length.EqualTo(1));
        Assert.That(folder.Files, Is.EqualTo(new[] { "c.json" }));
        JsonObject printed = JsonNode.Parse(run.Output)!.AsObject(), kept = JsonNode.Parse(
            File.ReadAllText(folder["c.json"]))!.AsObject();
        Assert.That(JsonNode.DeepEquals(printed, kept));
        Assert.That(printed["priorImages"]!.GetValue<int>(), Is.EqualTo(575));
        Assert.That(printed["boundImages"]!.GetValue<int>(), Is.EqualTo(863));
        Assert.That(printed["confidence"]!.GetValue<double>(), Is.EqualTo(0.93).Within(1e-12));
        Assert.That(printed["pMin"]!.GetValue<double>(), Is.EqualTo(1e-4));
        JsonObject zeroOne = printed["zeroOne"]!.AsObject();
        Assert.That(
            zeroOne["terms"]!.AsObject().Select(term => term.Key), Is.SupersetOf(new[] { "q̂", "q̄", "KL", "log K", "N", "n" }));
        Assert.That($"{zeroOne["certifies"]}, {printed["oneDraw"]!["certifies"]}, {printed["heldOut"]!["certifies"]}", Is.EqualTo(
            "Gibbs network, one draw, fixed weights"));
        Assert.That(zeroOne["certificate"]!.GetValue<double>(), Is.GreaterThan(zeroOne["terms"]!["q̄"]!.GetValue<double>()));
        Assert.That(run.Error, Does.Contain("certificate, probability 0.93"), "what a person reads goes to standard error");
    }

    /// <summary>A network of one's own: binomial test and PAC-Bayes side by side.</summary>
    [Test]
    public void CertifiesAFileOfWeights()
    {
        using Folder folder = new();
        Assert.That(ProgramRun.Of(
            "train", "--epochs", "1", "--hidden", "16", "--psi", "off", "--save", folder["w.safetensors"]).ExitCode, Is.Zero);
        ProgramRun run = ProgramRun.Of("certify", "--weights", folder["w.safetensors"], "--draws", "359", "--json");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        JsonObject printed = JsonNode.Parse(run.Output)!.AsObject();
        Assert.That(printed["method"]!.GetValue<string>(), Is.EqualTo("weights"));
        Assert.That(printed["model"]!.GetValue<string>(), Does.Contain("64-16-10"));
        Assert.That(printed["heldOut"]!["assumes"]!.AsArray().Select(one => $"{one}"), Does.Contain("fixed predictor"));
        Assert.That(run.Error, Does.Contain("exact binomial test").And.Contain("one draw of w + u"));
        Assert.That(ProgramRun.Of("certify", "--weights", folder["w.safetensors"], "--stages", "2").ExitCode, Is.EqualTo(2));
    }

    /// <summary>What was stopped goes on by the same command, and what is done is not trained again.</summary>
    [Test]
    public void StagesAreKept()
    {
        using Folder folder = new();
        string[] line = [.. Stages, "2", "--json", "--checkpoint", folder["kept"]];
        using StopRequest stop = new();
        stop.Make(130);
        ProgramRun stopped = ProgramRun.Of(stop, line);
        Assert.That(stopped.ExitCode, Is.EqualTo(130));
        Assert.That(stopped.Error, Does.Contain($"stopped; the same command goes on from {folder["kept"]}."));
        ProgramRun run = ProgramRun.Of(line);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        FileInfo[] files = new DirectoryInfo(folder["kept"]).GetFiles("training-*.safetensors");
        Assert.That(files, Has.Length.EqualTo(3), "the prior and two stages");
        Assert.That(ProgramRun.Of(line).Output, Is.EqualTo(run.Output));
        Assert.That(
            Array.ConvertAll(files, file => new FileInfo(file.FullName).LastWriteTimeUtc),
            Is.EqualTo(Array.ConvertAll(files, file => file.LastWriteTimeUtc)), "nothing was trained again");
        Assert.That(ProgramRun.Of([.. line[..^2]]).Output, Is.EqualTo(run.Output));
        ProgramRun other = ProgramRun.Of([.. line, "--seed", "2"]);
        Assert.That(other.ExitCode, Is.EqualTo(1));
        Assert.That(other.ErrorLines[^1], Does.StartWith("pacgen: ").And.Contain("seed (1 there, 2 here)"));
        ProgramRun.Of([.. Quick, "--checkpoint", folder["kept"]]).RequireRefusal(2, "--stages");
    }

    /// <summary>A folder holds the networks of the last certificate, and none of an earlier one.</summary>
    [Test]
    public void OnlyTheLastMixtureIsKept()
    {
        using Folder folder = new();
        foreach (string stages in new[] { "3", "2" })
        {
            Assert.That(ProgramRun.Of([.. Stages, stages, "--save", folder["m"]]).ExitCode, Is.Zero);
            Assert.That(Directory.GetFiles(folder["m"]), Has.Length.EqualTo(stages == "3" ? 3 : 2));
        }

        CertifiedMixture mixture = CertifiedMixture.Load(folder["m"], new Mlp(64, 16, 10));
        Assert.That(mixture.Networks.Sum(network => network.Share), Is.EqualTo(1).Within(1e-9));
        File.WriteAllText(folder["f"], "");
        ProgramRun.Of([.. Stages, "2", "--save", folder["f"]]).RequireRefusal(2, "name a folder for the networks");
    }

    /// <summary>What would change nothing is refused.</summary>
    [TestCase("--stages 2 --draws 10", "--draws has no effect with --stages")]
    [TestCase("--stages 2 --objective kl", "--objective has no effect with --stages")]
    [TestCase("--weights w --prior-epochs 3", "--prior-epochs has no effect with --weights")]
    [TestCase("--weights w --crop 1", "--crop has an effect only with --posterior-epochs")]
    [TestCase("--posterior-epochs 0 --posterior-rate 0.1", "--posterior-rate has an effect only with --posterior-epochs of 1")]
    [TestCase("--prior-epochs 0 --prior-rate 0.1", "--prior-rate has an effect only with --prior-epochs of 1")]
    [TestCase("--dataset cifar-100-coarse --labels fine", "cifar-100-coarse has the 20 coarse ones")]
    [TestCase("--unseen", "--unseen has an effect only with --weights")]
    public void OptionsWithoutEffect(string line, string says) =>
        ProgramRun.Of(["certify", .. line.Split(' ')]).RequireRefusal(2, says);

    /// <summary>Each method's file, computed again by a program of another language without PacGen.</summary>
    [Test]
    public void ASecondProgramComputesTheSame([Values(0, 3)] int stages)
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of([
            .. stages > 0 ? [.. Stages, $"{stages}"] : Quick, "--output", folder["c.json"]]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        string script = Path.Combine(HouseTests.Root, "samples", "verify-certificate.py");
        (int code, string output) = Python(script, folder["c.json"]);
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain("same").And.Not.Contain("DIFFERENT"));

        // A bound that is smaller than its losses allow is seen.
        JsonNode forged = JsonNode.Parse(File.ReadAllText(folder["c.json"]))!;
        forged["zeroOne"]!["certificate"] = forged["zeroOne"]!["certificate"]!.GetValue<double>() * 0.9;
        File.WriteAllText(folder["d.json"], forged.ToJsonString());
        Assert.That(Python(script, folder["d.json"]).Code, Is.EqualTo(1));
    }

    /// <summary>A compressed network: its message is read by another program, its file is the network.</summary>
    [Test]
    public void TheSecondProgramReadsTheMessage()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of([
            "certify", "--hidden", "16", "--prior-epochs", "0", "--posterior-epochs", "0", "--prior-sigmas", "0.01", "--draws",
            "700", "--compress", "--compress-dimensions", "100", "--compress-levels", "4,7", "--compress-epochs", "12",
            "--compress-rate", "0.01", "--output", folder["c.json"], "--save", folder["w.safetensors"]]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("compression, exact").And.Contain("and 100 numbers on").And.Contain(
            "prior's deviation σ₀ 0.01").And.Contain("the best prior that an oracle could choose"));
        string script = Path.Combine(HouseTests.Root, "samples", "verify-certificate.py");
        (int code, string output) = Python(script, folder["c.json"]);
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain("compressed ").And.Contain("part 9"));
        string[] seen =
        [
            Forged(network => network["bits"] = network["bits"]!.GetValue<long>() - 20),
            Forged(network => network["numbersHash"] = "0"),
            Forged(network => network["zeroOne"]!["certificate"] = 0.01),
            Forged(network => network["message"] = "gA=="),
        ];
        Assert.That(seen, Is.All.Contain("DIFFERENT"));
        JsonNode kept = JsonNode.Parse(File.ReadAllText(folder["c.json"]))!["compressed"]!;
        ProgramRun own = ProgramRun.Of("certify", "--weights", folder["w.safetensors"], "--draws", "359", "--json");
        Assert.That(own.ExitCode, Is.Zero, own.Error);
        Assert.That(
            JsonNode.Parse(own.Output)!["heldOut"]!["terms"]!["errors"]!.GetValue<double>(),
            Is.EqualTo(kept["test"]!["terms"]!["errors"]!.GetValue<double>()), "the file is the network that was tested");
        ProgramRun.Of("certify", "--compress", "--stages", "2").RequireRefusal(2, "--stages");
        ProgramRun.Of("certify", "--compress-levels", "3").RequireRefusal(2, "--compress");

        string Forged(Action<JsonNode> forge)
        {
            JsonNode json = JsonNode.Parse(File.ReadAllText(folder["c.json"]))!;
            forge(json["compressed"]!);
            File.WriteAllText(folder["d.json"], json.ToJsonString());
            return Python(script, [folder["d.json"]]).Output;
        }
    }

    /// <summary>The chain of stages: what a forged link, distribution, part or file looks like to the second program.</summary>
    [Test]
    public void TheSecondProgramChecksTheChain()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of([
            .. Stages, "3", "--stage-memory", "0.4", "--control", "--output", folder["c.json"], "--save",
            folder["mixture"]]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("exact test of the control").And.Contain("Σ KL 0."));
        string script = Path.Combine(HouseTests.Root, "samples", "verify-certificate.py");
        string[] files =
            [.. Enumerable.Range(1, 3).Select(stage => Path.Combine(folder["mixture"], $"stage-{stage}.safetensors"))];
        (int code, string output) = Python(script, [folder["c.json"], .. files]);
        Assert.That(code, Is.Zero, output);
        Assert.That(
            Python(script, [folder["c.json"], files[1], files[0]]).Output, Does.Contain("file 1").And.Contain("DIFFERENT"));
        string[] seen =
        [
            Forged(json => json["stages"]![1]!["startsFrom"] = "0"),
            Forged(json => json["stages"]![1]!["trainedOn"] = 720),
            Forged(json => json["stages"]![2]!["prior"]![2]!["hash"] = "0"),
            Forged(json => json["stages"]![1]!["prior"]![0]!["weight"] = 0.9),
            Forged(json => json["stages"]![1]!["kl"] = 0),
            Forged(json => json["stages"]![1]!["share"] = 0.5),
            Forged(json => json["zeroOne"]!["delta"] = 0.01),
            Forged(json => json["control"]!["test"]!["certificate"] = 0.001),
        ];
        Assert.That(seen, Is.All.Contain("DIFFERENT"));
        JsonNode kept = JsonNode.Parse(File.ReadAllText(folder["c.json"]))!;
        Assert.That(kept["zeroOne"]!["certifies"]!.GetValue<string>(), Is.EqualTo("mixture of stages"));
        ProgramRun score = ProgramRun.Of("score", "--weights", files[2], "--limit", "200");
        Assert.That(score.ExitCode, Is.Zero, score.Error);

        string Forged(Action<JsonNode> forge)
        {
            JsonNode json = JsonNode.Parse(File.ReadAllText(folder["c.json"]))!;
            forge(json);
            File.WriteAllText(folder["d.json"], json.ToJsonString());
            return Python(script, [folder["d.json"]]).Output;
        }
    }

    /// <summary>The runs that the page of results speaks of.</summary>
    [Test]
    public void TheRunsOnRecordAreRight()
    {
        string script = Path.Combine(HouseTests.Root, "samples", "verify-certificate.py");
        string[] files = Directory.GetFiles(Path.Combine(HouseTests.Root, "docs", "results", "certificates"), "*.json");
        Assert.That(files, Has.Length.GreaterThanOrEqualTo(5));
        foreach (string file in files)
        {
            (int code, string output) = Python(script, file);
            Assert.That(code, Is.Zero, $"{file}\n{output}");
        }
    }

    private static (int Code, string Output) Python(string script, params string[] files)
    {
        try
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo("python3", [script, .. files]) { RedirectStandardOutput = true })!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore("no python3 on this machine");
            throw;
        }
    }

    [Test]
    public void AStoppedRunCertifiesNothing()
    {
        using Folder folder = new();
        using StopRequest stop = new();
        stop.Make(130);
        ProgramRun run = ProgramRun.Of(stop, [.. Quick, "--output", folder["c.json"]]);
        Assert.That(run.ExitCode, Is.EqualTo(130));
        Assert.That(run.Error, Does.Contain("stopped before there was anything to keep"));
        Assert.That(folder.Files, Is.Empty);
    }

    [TestCase("--prior-fraction 0.0001", "at least 1")]
    [TestCase("--prior-fraction 0.999", "at least 8")]
    [TestCase("--batch-size 720", "719")]
    public void WhatTheDataDoesNotAllow(string options, string says)
    {
        ProgramRun run = ProgramRun.Of(["certify", .. options.Split(' ')]);
        run.RequireRefusal(1, says);
    }
}
