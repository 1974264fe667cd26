// The build, as targets. Once in a clone:  dotnet tool restore
// Then:                                    dotnet cake --target=NAME [arguments]
//
//   --target=Default|Build|Test|Bench|Figures|GpuKernels|Pack what to do; Default is Build and Test
//   --configuration=Release                                   how to compile; Bench and Figures are always Release
//   --filter=EXPRESSION                                       Test: a `dotnet test` filter, such as FullyQualifiedName~MatMul
//                                                             Bench: a BenchmarkDotNet filter, such as *MatMul*
//   --description                                             lists the targets; --showtree shows what needs what

var target = Argument("target", "Default");
var configuration = Argument("configuration", "Release");
var filter = Argument("filter", "");

const string Solution = "PacGen.slnx";
const string Program = "PacGen.Benchmarks";
var artifacts = Directory("artifacts");
var results = Directory("docs/results");

void RunProgram(ProcessArgumentBuilder arguments) =>
    DotNetRun(Program, arguments, new DotNetRunSettings { Configuration = "Release" });

Task("Build")
    .Description("Compiles the whole solution; a warning is an error.")
    .Does(() => DotNetBuild(Solution, new DotNetBuildSettings
    {
        Configuration = configuration,
        MSBuildSettings = new DotNetMSBuildSettings { TreatAllWarningsAs = MSBuildTreatAllWarningsAs.Error },
    }));

Task("Test")
    .Description("Runs the tests: dotnet test -c Release.")
    .Does(() => DotNetTest(Solution, new DotNetTestSettings
    {
        Configuration = configuration,
        Filter = filter.Length > 0 ? filter : null,
    }));

Task("Bench")
    .Description("Times the kernels with BenchmarkDotNet.")
    .Does(() => RunProgram(new ProcessArgumentBuilder().Append("bench").AppendSwitchQuoted("--filter", filter.Length > 0 ? filter : "*")));

Task("Figures")
    .Description("Runs the main job and draws the paper's figures but 7, all in docs/results.")
    .Does(() =>
    {
        EnsureDirectoryExists(results);
        RunProgram(new ProcessArgumentBuilder().AppendSwitchQuoted("--output", results));
        // Not 7: at its small scale it takes an hour, which is asked for by name: pacgen figure 7 --scale small --output docs/results
        foreach (var figure in new[] { "1 --survey 100", "2" })
        {
            RunProgram(new ProcessArgumentBuilder().Append($"figure {figure}").AppendSwitchQuoted("--output", results));
        }
    });

Task("GpuKernels")
    .Description("Assembles every GPU kernel for sm_80 and sm_90 and writes docs/results/gpu-kernels.md; needs ptxas on the path or in PACGEN_PTXAS.")
    .Does(() => DotNetTest("PacGen.Tests", new DotNetTestSettings
    {
        Configuration = "Release",
        Filter = "FullyQualifiedName=PacGen.Tests.Kernels.Gpu.KernelInstanceTests.WritesThePage",
        ArgumentCustomization = arguments => arguments.Append("-- NUnit.ExplicitMode=Relaxed"),
    }));

Task("Pack")
    .Description("Makes the packages of PacGen.Core, PacGen.Kernels and PacGen.Nn in artifacts.")
    .IsDependentOn("Build")
    .Does(() =>
    {
        EnsureDirectoryExists(artifacts);
        DeleteFiles("artifacts/PacGen.*.nupkg");
        foreach (var project in new[] { "PacGen.Core", "PacGen.Kernels", "PacGen.Nn" })
        {
            DotNetPack(project, new DotNetPackSettings { Configuration = configuration, OutputDirectory = artifacts, NoBuild = true });
        }
    });

Task("Default")
    .Description("Build and Test.")
    .IsDependentOn("Build")
    .IsDependentOn("Test");

RunTarget(target);
