using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Runs;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Devices;

/// <summary>How many networks are worked on at once, and where.</summary>
/// <param name="what">What is done to them, such as <c>trained</c>.</param>
/// <param name="shared">Whether several processes may share the work.</param>
internal sealed class JobOptions(string what = "trained", bool shared = true) : OptionGroup
{
    private readonly DeviceOptions device = new();
    private readonly Option<int> jobs = Options.Count(
        "--jobs",
        Prose.Line($"""
            How many networks are {what} at once; on the CPU with one thread each, if --threads doesn't say
            otherwise{(shared ? "; on a GPU, start several processes in its place" : "")}
            """),
        (1, 1024), 1);

    private readonly Option<Shard?> shard = Shard.Option();

    public override string Title => "Device";

    public override IReadOnlyList<Option> All => [jobs, .. shared ? (Option[])[shard] : [], .. device.All];

    /// <summary>Opens the device that a command line asks for, and says how its jobs get one each.</summary>
    /// <exception cref="DeviceException">It is not there, or can't multiply as asked.</exception>
    /// <exception cref="UsageException">Several jobs are asked of something else than the CPU.</exception>
    public Jobs Open(ParseResult parsed)
    {
        OpenedDevice opened = device.Open(parsed);
        int count = parsed.GetValue(jobs);
        Shard? part = shared ? Shard.Of(parsed, shard) : null;
        if (count == 1)
        {
            return new Jobs(1, opened, () => opened with { Owned = false }) { Shard = part };
        }

        if (opened.Device is not CpuDevice)
        {
            throw new UsageException(Prose.Line($"""
                --jobs is for the CPU, but the device is {opened.Device.Name}: leave it
                out{(shared ? ", and start the command several times" : "")}.
                """));
        }

        return new Jobs(count, opened, () => device.OpenOne(parsed)) { Shard = part };
    }
}
