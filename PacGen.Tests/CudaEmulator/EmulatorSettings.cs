using System.Globalization;

namespace PacGen.Tests.CudaEmulator;

/// <summary>What <c>PACGEN_TEST_CUDA</c> asks for: <c>emulated</c>, and words behind commas.</summary>
/// <param name="Major">The compute capability: <c>8.0</c> or, without a word, <c>9.0</c>.</param>
/// <param name="LazySeed">
/// <c>lazy=SEED</c>: a stream's work is done as late as a wait for it allows, or in an order by the seed; without it at once.
/// </param>
/// <param name="Seed"><c>seed=SEED</c>: the order of a kernel's warps and blocks.</param>
/// <param name="ChecksGlobalRaces"><c>races</c>: blocks that access the same memory of the device are faults too.</param>
/// <param name="ChecksUnwritten"><c>init</c>: reads of memory that was never written are faults too.</param>
/// <param name="IsIdle">
/// <c>idle</c>: kernels are loaded and none runs; the device's memory reads as zero. So a program compiles its kernels, of any
/// size, in no more time than that takes.
/// </param>
internal sealed record EmulatorSettings(
    int Major = 9, int? LazySeed = null, int Seed = 0, bool ChecksGlobalRaces = false, bool ChecksUnwritten = false,
    bool IsIdle = false)
{
    public const string Variable = "PACGEN_TEST_CUDA";

    /// <summary>The settings of this process, or null where no emulated device is asked for.</summary>
    public static EmulatorSettings? OfProcess() => Parse(Environment.GetEnvironmentVariable(Variable));

    /// <exception cref="FormatException">A word that means nothing.</exception>
    public static EmulatorSettings? Parse(string? text)
    {
        string[] words = (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return words.Length == 0 ? null
            : words[0] != "emulated" ? throw new FormatException($"{Variable}={text}: it begins with emulated, or is not set.")
            : words[1..].Aggregate(new EmulatorSettings(), (settings, word) => word.Split('=') switch
            {
                ["8.0"] => settings with { Major = 8 },
                ["9.0"] => settings with { Major = 9 },
                ["races"] => settings with { ChecksGlobalRaces = true },
                ["init"] => settings with { ChecksUnwritten = true },
                ["idle"] => settings with { IsIdle = true },
                ["lazy", var seed] => settings with { LazySeed = int.Parse(seed, CultureInfo.InvariantCulture) },
                ["seed", var seed] => settings with { Seed = int.Parse(seed, CultureInfo.InvariantCulture) },
                _ => throw new FormatException(
                    $"{Variable}={text}: {word} means nothing. Use 8.0, 9.0, lazy=SEED, seed=SEED, races, init, idle."),
            });
    }
}
