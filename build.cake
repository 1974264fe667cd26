// The build, as targets. Once in a clone:  dotnet tool restore
// Then:                                    dotnet cake --target=NAME [arguments]
//
//   --target=Default|Build|Test|OpenCl|CudaEmulated|Bench|Figures|PublicApi|GpuKernels|GpuBundle|Site|Pack
//                                                             what to do; Default is Build and Test
//   --configuration=Release                                   how to compile; Bench and Figures are always Release
//   --filter=EXPRESSION                                       Test, OpenCl, CudaEmulated: a filter of `dotnet test`, such as
//                                                             FullyQualifiedName~MatMul
//                                                             Bench: a BenchmarkDotNet filter, such as *MatMul*
//   --description                                             lists the targets; --showtree shows what needs what

#load "docs/site/site.cake"

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

Task("OpenCl")
    .Description(
        "Runs the kernels' and devices' tests on the OpenCL device, such as PoCL on a CPU; fails where there is none and says " +
        "how to get one.")
    .IsDependentOn("Build")
    .Does(() =>
    {
        StartProcess(
            "dotnet",
            new ProcessSettings { Arguments = $"run -c {configuration} --no-build --project {Program} -- devices --json",
                RedirectStandardOutput = true },
            out IEnumerable<string> lines);
        var devices = lines.Where(line => line.StartsWith('{')).Select(line => System.Text.Json.Nodes.JsonNode.Parse(line))
            .Where(device => (string)device["kind"] == "OpenCl").ToList();
        if (!devices.Any(device => (bool)device["available"]))
        {
            throw new CakeException(
                "There is no OpenCL device to test on. "
                    + string.Join("; ", devices.Select(device => $"{device["name"]}: {device["note"]}")) + ".\n"
                + "Any with OpenCL C 2.0 or 3.0 and the generic address space will do. For the CPU there is PoCL 6 or newer:\n"
                + "  Debian 13: apt-get install pocl-opencl-icd ocl-icd-libopencl1\n"
                + "Debian 12's PoCL 3.1 lacks the generic address space. PacGen loads libOpenCL.so or libOpenCL.so.1; `pacgen " +
                    "devices` shows what it finds.");
        }

        // A test's name bears its device's: every fixture and case of the first OpenCL device, and of further ones.
        DotNetTest("PacGen.Tests", new DotNetTestSettings
        {
            Configuration = configuration,
            NoBuild = true,
            Filter = filter.Length > 0 ? $"FullyQualifiedName~opencl&({filter})" : "FullyQualifiedName~opencl",
        });
    });

Task("CudaEmulated")
    .Description(
        "Runs all tests of CUDA devices on an emulated one, on Linux on x64: the kernels' PTX, with their memory and races " +
        "checked; --cuda=emulated,8.0,lazy=1 says how.")
    .IsDependentOn("Build")
    .Does(() => DotNetTest("PacGen.Tests", new DotNetTestSettings
    {
        Configuration = configuration,
        NoBuild = true,
        Filter = "FullyQualifiedName~EmulatedDeviceTests|(FullyQualifiedName~cuda&FullyQualifiedName!~CudaEmulator"
            + (filter.Length > 0 ? $"&({filter}))" : ")"),
        EnvironmentVariables = new Dictionary<string, string> { ["PACGEN_TEST_CUDA"] = Argument("cuda", "emulated") },
    }));

Task("Bench")
    .Description("Times the kernels with BenchmarkDotNet.")
    .Does(() => RunProgram(
        new ProcessArgumentBuilder().Append("bench").AppendSwitchQuoted("--filter", filter.Length > 0 ? filter : "*")));

Task("Figures")
    .Description("Runs the main job and draws the paper's figures but 7, all in docs/results.")
    .Does(() =>
    {
        EnsureDirectoryExists(results);
        RunProgram(new ProcessArgumentBuilder().AppendSwitchQuoted("--output", results));
        // Not 7: even at its small scale it takes a quarter of an hour. It is asked for by name: pacgen figure 7 --scale small.
        foreach (var figure in new[] { "1 --survey 100", "2" })
        {
            RunProgram(new ProcessArgumentBuilder().Append($"figure {figure}").AppendSwitchQuoted("--output", results));
        }
    });

Task("PublicApi")
    .Description(
        "Writes what the libraries offer, a PublicApi.txt beside each project, which a test compares with what is built.")
    .Does(() => DotNetTest("PacGen.Tests", new DotNetTestSettings
    {
        Configuration = "Release",
        Filter = "FullyQualifiedName=PacGen.Tests.PublicApiTests.WritesTheFiles",
        ArgumentCustomization = arguments => arguments.Append("-- NUnit.ExplicitMode=Relaxed"),
    }));

Task("GpuKernels")
    .Description(
        "Assembles every GPU kernel for sm_80 and sm_90 and writes docs/results/gpu-kernels.md; needs ptxas on the path or in " +
        "PACGEN_PTXAS.")
    .Does(() => DotNetTest("PacGen.Tests", new DotNetTestSettings
    {
        Configuration = "Release",
        Filter = "FullyQualifiedName=PacGen.Tests.Kernels.KernelInstanceTests.WritesThePage",
        ArgumentCustomization = arguments => arguments.Append("-- NUnit.ExplicitMode=Relaxed"),
    }));

Task("GpuBundle")
    .Description(
        "Makes one compressed file in artifacts, at most 54 MB, that tests and measures PacGen on a Linux machine with a GPU's " +
        "driver and nothing else. With --kernels=benchmarks, on Linux on x64, the kernels for compute capability 9.0 that its " +
        "trainings and benchmarks take are in it, with --kernels=all those of its tests of CUDA, too, which are run on the " +
        "emulated device; --data=FOLDER with MNIST's files takes those of mnist-cnn's epoch.")
    .Does(() =>
    {
        // The codec of image files is 5 MB of it.
        var kernels = Argument("kernels", "none");
        long most = kernels switch
        {
            "none" => 54_000_000,
            "benchmarks" => 72_000_000,
            "all" => 90_000_000,
            _ => throw new CakeException($"--kernels={kernels}: use none, benchmarks or all."),
        };
        var name = $"pacgen-gpu-{XmlPeek("Directory.Build.props", "/Project/PropertyGroup/Version")}-linux-x64";
        var folder = artifacts + Directory(name);
        var program = folder + Directory("program");
        EnsureDirectoryDoesNotExist(folder, new DeleteDirectorySettings { Recursive = true, Force = true });

        // The tests refer to the program, so publishing them publishes both into one folder with one runtime.
        DotNetPublish("PacGen.Tests", new DotNetPublishSettings
        {
            Configuration = "Release",
            Runtime = "linux-x64",
            SelfContained = true,
            OutputDirectory = program,
            MSBuildSettings = new DotNetMSBuildSettings()
                .WithProperty("Bundle", "true")
                .WithProperty("SelfContained", "true")
                .WithProperty("NuGetLockFilePath", "obj/packages.bundle.lock.json")
                .WithProperty("RestoreLockedMode", "false")
                .WithProperty("SatelliteResourceLanguages", "en")
                .WithProperty("DebugType", "none"),
        });

        // What drawing text, ONNX Runtime's check of what is written, debuggers and BenchmarkDotNet's suites would need, and the
        // bundle does not. Image files need libSkiaSharp.so.
        foreach (var unneeded in new[]
        {
            "*.xml", "*.pdb", "libHarfBuzzSharp.so", "libcapstone.so", "libmscordaccore.so", "libmscordbi.so", "libclrgc*.so",
            "libcoreclrtraceptprovider.so", "*onnxruntime*.so", "onnxruntime*.dll", "onnxruntime*.lib", "createdump",
            "Microsoft.CodeAnalysis*.dll", "Microsoft.Diagnostics.*.dll", "Microsoft.VisualBasic*.dll",
            "Gee.External.Capstone.dll", "Iced.dll", "Dia2Lib.dll", "TraceReloggerLib.dll", "System.CodeDom.dll",
            "System.Linq.AsyncEnumerable.dll",
        })
        {
            DeleteFiles($"{program}/{unneeded}");
        }

        foreach (var unneeded in new[] { "amd64", "Microsoft.CodeCoverage" })
        {
            EnsureDirectoryDoesNotExist(
                program + Directory(unneeded), new DeleteDirectorySettings { Recursive = true, Force = true });
        }

        // A library that is missing would leave the bundle without tests, and its run with nothing to fail.
        StartProcess(
            program + File("PacGen.Tests"),
            new ProcessSettings
            {
                Arguments = "--list-tests --filter FullyQualifiedName~simulator", RedirectStandardOutput = true,
            },
            out var listed);
        var found = string.Join("\n", listed);
        var tests = System.Text.RegularExpressions.Regex.Match(found, @"found (\d+) test");
        if (!tests.Success || int.Parse(tests.Groups[1].Value) < 500)
        {
            throw new CakeException($"The bundle's program finds too few tests of the simulator's:\n{found}");
        }

        EnsureDirectoryExists(folder + Directory("pytorch"));
        CopyFiles("PacGen.Benchmarks/Peers/pytorch/*.py", folder + Directory("pytorch"));
        CopyFiles(new[] { "PacGen.Benchmarks/Bundle/run.sh", "LICENSE" }, folder);

        if (kernels != "none")
        {
            // All that run.sh will run there is compiled by running it here, on a device that does nothing; its tests on one
            // that does.
            var made = artifacts + Directory("gpu-bundle-run");
            var data = Argument("data", "");
            void Compile(FilePath file, string device, params string[] arguments)
            {
                var builder = new ProcessArgumentBuilder();
                foreach (var argument in arguments)
                {
                    builder.AppendQuoted(argument);
                }

                var ended = StartProcess(file, new ProcessSettings
                {
                    Arguments = builder,
                    EnvironmentVariables = new Dictionary<string, string>
                    {
                        ["PACGEN_TEST_CUDA"] = device,
                        ["PACGEN_GPU_KERNELS"] = "1",
                        ["XDG_CACHE_HOME"] = MakeAbsolute(folder + Directory("cache")).FullPath,
                        ["DOTNET_STARTUP_HOOKS"] = MakeAbsolute(program + File("PacGen.Tests.dll")).FullPath,
                    },
                });
                if (ended != 0)
                {
                    throw new CakeException($"{file} ended with code {ended} on the emulated device.");
                }
            }

            if (kernels == "all")
            {
                Compile(
                    program + File("PacGen.Tests"), "emulated", "--progress", "off", "--no-ansi", "--filter",
                    "FullyQualifiedName~cuda&FullyQualifiedName!~CudaEmulator&FullyQualifiedName!~CudaProgram");
            }

            Compile(
                folder + File("run.sh"), "emulated,idle",
                [
                    "--fixtures", "none", "--seconds", "0.01", "--output", MakeAbsolute(made).FullPath,
                    .. data.Length > 0 ? new[] { "--data", data } : Array.Empty<string>(),
                ]);
            DeleteFiles($"{folder}/cache/pacgen/*");
        }

        // gzip, because tar on a bare system has no xz. Names in order, no owner: the same content gives the same file.
        var file = artifacts + File($"{name}.tar.gz");
        var code = StartProcess("sh", new ProcessSettings
        {
            Arguments = new ProcessArgumentBuilder().Append("-c").AppendQuoted(
                $"chmod +x {folder}/run.sh && tar -C {artifacts} --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 " +
                    $"-cf - {name} | gzip -9n > {file}"),
        });
        var size = code == 0 ? new System.IO.FileInfo(file.ToString()).Length : throw new CakeException(
            $"{file} could not be made: it takes sh, GNU tar and gzip.");
        Information("{0}: {1:N0} bytes; unpack it with tar -xzf, then {2}/run.sh --help", file, size, name);

        // Smaller, for where the way to the machine is narrow; it has xz, or Python's tarfile unpacks it.
        var small = artifacts + File($"{name}.tar.xz");
        if (StartProcess("sh", new ProcessSettings
        {
            Arguments = new ProcessArgumentBuilder().Append("-c").AppendQuoted(
                $"command -v xz > /dev/null && gzip -dc {file} | xz -9 > {small}"),
        }) == 0)
        {
            Information("{0}: {1:N0} bytes, the same", small, new System.IO.FileInfo(small.ToString()).Length);
        }

        if (size > most)
        {
            throw new CakeException($"{file} has {size:N0} bytes, more than {most:N0}: leave out what the bundle does not need.");
        }
    });

Task("Pack")
    .Description("Makes the packages in artifacts: the libraries, each with its symbols, and the program as a .NET tool.")
    .IsDependentOn("Build")
    .Does(() =>
    {
        EnsureDirectoryExists(artifacts);
        DeleteFiles("artifacts/*.*nupkg");
        DotNetPack(
            Solution, new DotNetPackSettings { Configuration = configuration, OutputDirectory = artifacts, NoBuild = true });
        EnsureDirectoryDoesNotExist("PacGen.Benchmarks/obj/tool", new DeleteDirectorySettings { Recursive = true, Force = true });
    });

Task("Default")
    .Description("Build and Test.")
    .IsDependentOn("Build")
    .IsDependentOn("Test");

RunTarget(target);
