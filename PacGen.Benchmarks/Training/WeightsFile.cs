using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Training;

/// <summary>
/// Weights on disk: the line <c>PACGEN-WEIGHTS 1</c>, a line of JSON (model, hidden, depth, widen, dataset, parameters, state, seed,
/// steps, epochs, batchSize, sha256), then each weight as four bytes of a little-endian float, in the arena's order, and each number
/// of the state (running statistics) likewise. The SHA-256 is that of these bytes. Depth, widen and state are 0 where they are absent.
/// </summary>
/// <param name="Model">The model that they belong to.</param>
/// <param name="Dataset">What they were trained on.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Epochs">The epochs that were completed.</param>
/// <param name="Steps">The steps that were taken.</param>
/// <param name="BatchSize">Images a step.</param>
/// <param name="Weights">The weights.</param>
/// <param name="State">The state beside them, such as running statistics.</param>
internal sealed record WeightsFile(ModelChoice Model, string Dataset, ulong Seed, int Epochs, long Steps, int BatchSize, float[] Weights, float[] State)
{
    private const string Magic = "PACGEN-WEIGHTS 1";
    private const int LongestHeader = 1 << 16;

    /// <summary>Writes the file as a whole or not at all.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Save(string path)
    {
        float[] all = [.. Weights, .. State];
        byte[] bytes = new byte[all.Length * sizeof(float)];
        for (int i = 0; i < all.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), all[i]);
        }

        JsonObject header = new()
        {
            ["model"] = Model.Name,
            ["hidden"] = new JsonArray([.. Model.Hidden.Select(width => (JsonNode)width)]),
            ["depth"] = Model.Depth,
            ["widen"] = Model.Widen,
            ["dataset"] = Dataset,
            ["parameters"] = Weights.Length,
            ["state"] = State.Length,
            ["seed"] = Seed,
            ["epochs"] = Epochs,
            ["steps"] = Steps,
            ["batchSize"] = BatchSize,
            ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(bytes)),
        };
        OutputFile.Write(path, "--save", stream =>
        {
            stream.Write(Encoding.UTF8.GetBytes($"{Magic}\n{header.ToJsonString()}\n"));
            stream.Write(bytes);
        });
    }

    /// <summary>Reads the file and checks it.</summary>
    /// <exception cref="IOException">It is not there, is no weights file, or is damaged.</exception>
    public static WeightsFile Load(string path)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException($"--weights {path}: there is no such file. Make one with pacgen train --save FILE.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"--weights {path} can't be read: {error.Message}", error);
        }

        ReadOnlySpan<byte> rest = content;
        if (Line(ref rest) != Magic || Line(ref rest) is not { } headerLine)
        {
            throw new IOException($"--weights {path} is no weights file of PacGen ({Magic}). Make one with pacgen train --save FILE.");
        }

        string what = "its header can't be read";
        try
        {
            JsonNode header = JsonNode.Parse(headerLine) ?? throw new JsonException();
            int parameters = header["parameters"]!.GetValue<int>(), state = header["state"]?.GetValue<int>() ?? 0;
            if (parameters < 0 || state < 0)
            {
                what = "its header states a negative number of weights";
                throw new JsonException();
            }

            int count = checked(parameters + state);
            if (rest.Length != (long)count * sizeof(float))
            {
                what = $"{count} weights should take {(long)count * sizeof(float)} bytes, but {rest.Length} are there";
                throw new JsonException();
            }

            if (Convert.ToHexStringLower(SHA256.HashData(rest)) != header["sha256"]!.GetValue<string>())
            {
                what = "its weights don't have the checksum that its header states";
                throw new JsonException();
            }

            float[] weights = new float[count];
            for (int i = 0; i < count; i++)
            {
                weights[i] = BinaryPrimitives.ReadSingleLittleEndian(rest[(i * sizeof(float))..]);
            }

            if (Array.FindIndex(weights, weight => !float.IsFinite(weight)) is >= 0 and int lost)
            {
                what = $"weight {lost} is {weights[lost]}";
                throw new JsonException();
            }

            if (header["batchSize"]!.GetValue<int>() < 1 || header["hidden"]!.AsArray().Any(width => width!.GetValue<int>() < 1))
            {
                what = "its header states a batch size or a width below 1";
                throw new JsonException();
            }

            string model = header["model"]!.GetValue<string>();
            if (!ModelChoice.Names.Contains(model))
            {
                what = $"it holds a model {model}, and this version knows {string.Join(", ", ModelChoice.Names)}";
                throw new JsonException();
            }

            ModelChoice choice = new(
                model, [.. header["hidden"]!.AsArray().Select(width => width!.GetValue<int>())], header["depth"]?.GetValue<int>() ?? 0, header["widen"]?.GetValue<int>() ?? 0);
            if (model == "wide-resnet" && (choice.Depth < 10 || (choice.Depth - 4) % 6 != 0 || choice.Widen < 1))
            {
                what = $"its header states a Wide-ResNet of depth {choice.Depth} and widening factor {choice.Widen}";
                throw new JsonException();
            }

            return new WeightsFile(
                choice,
                header["dataset"]!.GetValue<string>(),
                header["seed"]!.GetValue<ulong>(),
                header["epochs"]!.GetValue<int>(),
                header["steps"]!.GetValue<long>(),
                header["batchSize"]!.GetValue<int>(),
                weights[..parameters],
                weights[parameters..]);
        }
        catch (Exception error) when (error is JsonException or NullReferenceException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new IOException($"--weights {path} is damaged: {what}. Save it again with pacgen train --save FILE.", error);
        }
    }

    private static string? Line(ref ReadOnlySpan<byte> rest)
    {
        int end = rest[..Math.Min(rest.Length, LongestHeader)].IndexOf((byte)'\n');
        if (end < 0)
        {
            return null;
        }

        string line = Encoding.UTF8.GetString(rest[..end]);
        rest = rest[(end + 1)..];
        return line;
    }
}
