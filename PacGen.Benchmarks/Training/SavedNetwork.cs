using PacGen.Benchmarks.Devices;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>A network that was read from a file, for the length of a verb.</summary>
/// <param name="Path">The file.</param>
/// <param name="Choice">Which network.</param>
/// <param name="Images">Its images.</param>
/// <param name="Network">The network.</param>
/// <param name="Arena">Its weights.</param>
/// <param name="Opened">Where it is.</param>
internal sealed record SavedNetwork(
    string Path, ModelChoice Choice, Dataset Images, Module Network, ParameterArena Arena, OpenedDevice Opened) : IDisposable
{
    /// <summary>The seed of the run that the weights are of; null where the file doesn't say.</summary>
    public required ulong? Seed { get; init; }

    /// <summary>The steps of that run; null where the file doesn't say.</summary>
    public required long? Steps { get; init; }

    /// <summary>The squared gradients that the run smoothed; null where the file has none.</summary>
    public required SmoothedSecondMoment? SecondMoment { get; init; }

    /// <summary>The deviations of the posterior that the optimizer learnt; null where the file has none.</summary>
    public float[]? PosteriorDeviations { get; init; }

    /// <summary>Where the weights come from, in words.</summary>
    public required string Origin { get; init; }

    /// <summary>File, network, origin and device on one line.</summary>
    public string Line => $"{Path}: {Choice.Describe(Images)}, {Arena.Count:N0} parameters, {Origin}; {Opened.Device.Name}";

    /// <summary>
    /// The weights that training by a seed begins with, in the arena's layout: those of an ONNX file whatever the seed. Null
    /// where they were in such a file, which isn't at hand.
    /// </summary>
    public float[]? Drawn(ulong seed)
    {
        if (Choice.Onnx is { Path: null })
        {
            return null;
        }

        using ParameterArena first = new(Choice.Make(Images), Device.Cpu, seed);
        return first.Save();
    }

    public void Dispose()
    {
        Arena.Dispose();
        Opened.Dispose();
    }
}
