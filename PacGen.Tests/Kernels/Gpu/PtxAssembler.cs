using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace PacGen.Tests.Kernels;

/// <summary>
/// NVIDIA's assembler, which says what a kernel needs of a GPU: <c>ptxas</c> of the path, or what PACGEN_PTXAS names.
/// </summary>
internal static partial class PtxAssembler
{
    /// <summary>The assembler, or null where there is none.</summary>
    public static string? Path { get; } = Find();

    /// <summary>Assembles a kernel.</summary>
    /// <param name="ptx">Its text.</param>
    /// <param name="architecture">For what, such as sm_90.</param>
    public static AssembledKernel Assemble(string ptx, string architecture)
    {
        string file = System.IO.Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, ptx);
            ProcessStartInfo start = new(
                Path!, ["-v", $"-arch={architecture}", file, "-o", file + ".cubin"]) { RedirectStandardError = true,
                RedirectStandardOutput = true };
            using Process process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.Zero, output);
            return new AssembledKernel(
                Number(Registers(), output), Number(Spills(), output), Number(Stack(), output), Number(Shared(), output));
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".cubin");
        }
    }

    private static string? Find() =>
        Environment.GetEnvironmentVariable("PACGEN_PTXAS") is { Length: > 0 } named ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
            .Select(folder => System.IO.Path.Combine(folder, OperatingSystem.IsWindows() ? "ptxas.exe" : "ptxas")).FirstOrDefault(
                File.Exists);

    // Of the functions in a text the kernel comes last or has the most.
    private static int Number(Regex pattern, string text) =>
        pattern.Matches(text).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).DefaultIfEmpty(
            0).Max();

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();

    [GeneratedRegex(@"(\d+) bytes spill")]
    private static partial Regex Spills();

    [GeneratedRegex(@"(\d+) bytes stack frame")]
    private static partial Regex Stack();

    [GeneratedRegex(@"(\d+) bytes smem")]
    private static partial Regex Shared();
}
