using System.Text.Json;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// What PyTorch's script (Peers/pytorch/steps.py) timed, training steps and single pieces of work: JSON objects, one a line.
/// </summary>
internal sealed class PeerSteps
{
    private readonly Dictionary<(string Model, int Batch, bool Perturbed, string Mode), double> times = [];

    private readonly Dictionary<(string Work, string Mode), double> works = [];

    private PeerSteps(string description) => Description = description;

    /// <summary>PyTorch's version and device.</summary>
    public string Description { get; private set; }

    /// <summary>The ways that steps were run, such as eager and compiled, in the file's order.</summary>
    public IReadOnlyList<string> Modes => [.. times.Keys.Select(key => key.Mode).Distinct()];

    /// <summary>The ways that these pieces of work were run.</summary>
    public IReadOnlyList<string> ModesOf(IEnumerable<string> names) =>
        [.. works.Keys.Where(key => names.Contains(key.Work)).Select(key => key.Mode).Distinct()];

    /// <summary>Reads a file.</summary>
    /// <exception cref="UsageException">It is not what the script prints.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public static PeerSteps Read(string path)
    {
        PeerSteps steps = new("");
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            try
            {
                JsonNode? row = line.Length == 0 ? null : JsonNode.Parse(line);
                if (row?["torch"] is { } version)
                {
                    steps.Description = $"PyTorch {version} on {row["device"]}, Python {row["python"]}";
                }
                else if (row?["work"] is { } work && row["milliseconds"] is { } taken)
                {
                    steps.works[(work.GetValue<string>(), Of<string>(row, "mode"))] = taken.GetValue<double>();
                }
                else if (row?["milliseconds"] is { } time)
                {
                    steps.times[(Of<string>(row, "model"), Of<int>(row, "batch"), Of<bool>(row, "perturbed"),
                        Of<string>(row, "mode"))] = time.GetValue<double>();
                }
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
            {
                throw new UsageException(Prose.Line($"""
                    --peer {path}, line {number}, is not what Peers/pytorch/steps.py prints:
                    {error.Message.ReplaceLineEndings(" ")}
                    """));
            }
        }

        return steps;
    }

    /// <summary>The time of a step, or null where it was not measured.</summary>
    public double? Milliseconds(string model, int batch, bool perturbed, string mode) =>
        times.TryGetValue((model, batch, perturbed, mode), out double time) ? time : null;

    /// <summary>The time of a piece of work, or null where it was not measured.</summary>
    public double? Milliseconds(string work, string mode) => works.TryGetValue((work, mode), out double time) ? time : null;

    private static T Of<T>(JsonNode row, string name) =>
        row[name] is { } value ? value.GetValue<T>() : throw new FormatException($"there is no {name}.");
}
