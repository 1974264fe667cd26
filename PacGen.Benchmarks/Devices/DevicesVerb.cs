using System.CommandLine;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;
using Spectre.Console;

namespace PacGen.Benchmarks.Devices;

/// <summary><c>devices</c>: what this machine has to run on.</summary>
internal sealed class DevicesVerb : Verb
{
    private const string What = "Lists the devices of this machine with their memory, and why a kind of device was passed over.";

    private readonly Option<string?> csv = Options.Path(
        CsvText.Option, "A file to write the devices into, as comma-separated values");

    public DevicesVerb(Host host)
        : base(host, new Command("devices", What)) => Add(csv, JsonOption("One JSON object a device on standard output"));

    protected override int Run(ParseResult parsed)
    {
        string? file = parsed.GetValue(csv);
        CsvText.Check(file, "id,kind,name,memory_bytes");
        IReadOnlyList<DeviceDescription> devices = Device.List();
        Table table = Terminal.Table("--device", "what it is", "memory", "note");
        table.Columns[1].Alignment = table.Columns[3].Alignment = null;
        foreach (DeviceDescription device in devices)
        {
            if (WantsJson(parsed))
            {
                Write(new JsonObject
                {
                    ["id"] = device.Id,
                    ["kind"] = device.Kind.ToString(),
                    ["name"] = device.Name,
                    ["memoryBytes"] = device.MemoryBytes,
                    ["available"] = device.IsAvailable,
                    ["note"] = device.Note,
                });
            }

            table.AddRow(
                Markup.Escape(device.IsAvailable ? device.Id : "–"),
                Markup.Escape(device.Name),
                device.MemoryBytes is { } bytes ? $"{bytes / (double)(1 << 30):F1} GiB" : "",
                Markup.Escape(device.IsAvailable ? device.Note : $"not available: {device.Note}"));
        }

        Terminal terminal = TerminalOf(parsed);
        if (!WantsJson(parsed))
        {
            string variable = Device.EnvironmentVariable;
            terminal.Write(table);
            terminal.Line($"Without --device, and with no {variable} in the environment, pacgen runs on {Device.Best().Name}.");
        }

        if (file is not null)
        {
            CsvText.Write(
                file,
                devices.Select(device => CsvText.Line(
                    device.Id, $"{device.Kind}", device.Name, $"{device.MemoryBytes}", device.IsAvailable ? "true" : "false",
                    device.Note)).Prepend(CsvText.Line("id", "kind", "name", "memory_bytes", "available", "note")));
            terminal.Line($"devices → {file}");
        }

        return 0;
    }
}
