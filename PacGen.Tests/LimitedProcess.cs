using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace PacGen.Tests;

/// <summary>
/// Runs a method of the tests in a process of its own whose memory is limited: what a reader takes for hostile files can neither
/// hide behind this process's memory nor end it. The runtime refuses managed memory beyond the limit; where <c>prlimit</c> is
/// installed the system refuses memory of any kind well beyond it; and the growth of the process's peak is checked at the end.
/// </summary>
internal static class LimitedProcess
{
    private const long Megabyte = 1 << 20;
    private const string Growth = "peak memory grew by MB: ";

    /// <summary>What code takes beside the data, in megabytes.</summary>
    private const int Code = 32;

    /// <summary>What the runtime and libraries reserve.</summary>
    private const long RuntimeData = 512 * Megabyte;

    /// <summary>
    /// Runs a method. It fails the test where the method throws, takes too long, or the peak of memory grew by more than the
    /// limit.
    /// </summary>
    /// <param name="megabytes">The most that the managed heap may have, and by which, but for code, the process's peak of memory
    /// may grow.</param>
    /// <param name="method">A static method with a name of its own; it knows what it needs from its arguments alone.</param>
    /// <param name="arguments">Given to the method.</param>
    /// <returns>What the method wrote to the console.</returns>
    public static string Run(int megabytes, Action<string[]> method, params string[] arguments)
    {
        (int exitCode, string output, string error) = Start(megabytes, method, arguments);
        TestContext.Out.WriteLine(output);
        Assert.That(exitCode, Is.Zero, $"{method.Method.Name} {string.Join(' ', arguments)}: {output}\n{error}");
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(
            long.Parse(lines[^1].AsSpan(Growth.Length), CultureInfo.InvariantCulture), Is.LessThanOrEqualTo(megabytes + Code),
            $"{method.Method.Name}: MB by which the peak of memory grew");
        return string.Join('\n', lines[..^1]);
    }

    /// <summary>Runs a method and says how its process ended.</summary>
    internal static (int ExitCode, string Output, string Error) Start(
        int megabytes, Action<string[]> method, params string[] arguments)
    {
        if (!method.Method.IsStatic || typeof(LimitedProcess).Assembly.EntryPoint?.DeclaringType?.Name != "LimitedProgram")
        {
            Assert.Ignore("A process of its own needs a static method, and the tests as an ordinary build makes them.");
        }

        long limit = megabytes * Megabyte;
        string assembly = typeof(LimitedProcess).Assembly.Location;
        List<string> command = ["dotnet", assembly, method.Method.DeclaringType!.FullName!, method.Method.Name, .. arguments];
        if (OperatingSystem.IsLinux() && File.Exists("/usr/bin/prlimit"))
        {
            command.InsertRange(
                0, ["/usr/bin/prlimit", string.Create(CultureInfo.InvariantCulture, $"--data={limit + RuntimeData}"), "--"]);
        }

        ProcessStartInfo start = new(
            command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true,
            RedirectStandardInput = true };
        start.Environment["DOTNET_GCHeapHardLimit"] = limit.ToString("x", CultureInfo.InvariantCulture);
        start.Environment["DOTNET_GCgen0size"] = (4 * Megabyte).ToString("x", CultureInfo.InvariantCulture);
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        bool ended = process.WaitForExit(TimeSpan.FromMinutes(5));
        if (!ended)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        return (process.ExitCode, output.Result, ended ? error.Result : $"It did not end within 5 minutes. {error.Result}");
    }

    /// <summary>In the process: calls the method.</summary>
    internal static void Call(string type, string method, string[] arguments)
    {
        Type found = typeof(LimitedProcess).Assembly.GetType(type, throwOnError: true)!;
        Action<string[]> called = found.GetMethod(
            method, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.CreateDelegate<Action<string[]>>();
        long before = Peak();
        called(arguments);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{Growth}{(Peak() - before) / Megabyte}"));
    }

    private static long Peak()
    {
        using Process own = Process.GetCurrentProcess();
        return own.PeakWorkingSet64;
    }
}
