using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels.Devices;
using Spectre.Console;

namespace PacGen.Benchmarks.Devices;

/// <summary><c>devices</c>: what this machine has to run on.</summary>
internal sealed class DevicesVerb
{
    private readonly Option<bool> json = Options.Flag("--json", "One JSON object a device on standard output");

    public DevicesVerb(Host host)
    {
        Command = new Command("devices", "Lists the devices of this machine with their memory, and why a kind of device was passed over.");
        Command.Add(json);
        Command.SetAction(parsed =>
        {
            if (parsed.GetValue(json))
            {
                Json(host.Output);
            }
            else
            {
                Table(new Terminal(host));
            }
        });
    }

    /// <summary>The verb.</summary>
    public Command Command { get; }

    private static void Json(TextWriter output)
    {
        foreach (DeviceDescription device in Device.List())
        {
            output.WriteLine(new JsonObject
            {
                ["id"] = device.Id,
                ["kind"] = device.Kind.ToString(),
                ["name"] = device.Name,
                ["memoryBytes"] = device.MemoryBytes,
                ["available"] = device.IsAvailable,
                ["note"] = device.Note,
            }.ToJsonString());
        }
    }

    private static void Table(Terminal terminal)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("--device", "what it is", "memory", "note");
        table.Columns[2].Alignment = Justify.Right;
        foreach (DeviceDescription device in Device.List())
        {
            table.AddRow(
                Markup.Escape(device.IsAvailable ? device.Id : "–"),
                Markup.Escape(device.Name),
                device.MemoryBytes is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):F1} GiB") : "",
                Markup.Escape(device.IsAvailable ? device.Note : $"not available: {device.Note}"));
        }

        terminal.Write(table);
        terminal.Line($"Without --device, and with no {Device.EnvironmentVariable} in the environment, pacgen runs on {Device.Best().Name}.");
    }
}
