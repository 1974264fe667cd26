using System.Globalization;
using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// What a <see cref="ProgressiveCertificate"/> certifies: the classifier that for each sample draws one of the stages' networks,
/// each with its share, and answers with that. On disk it is a folder with a safetensors file for each network, which holds the
/// network's share in its metadata and can be used by itself.
/// </summary>
/// <example>
/// <code>
/// CertifiedMixture.Of(certificate).Save("mixture", model);
/// int[] classes = CertifiedMixture.Load("mixture", model).Predict(model, samples);
/// </code>
/// </example>
public sealed class CertifiedMixture
{
    /// <summary>The stream of the random numbers that draw a network for each sample: "mixt" in ASCII.</summary>
    private const uint DrawStream = 0x6D69_7874;

    private const string ShareText = "share", NormalizationText = "normalization", Prefix = "stage-", Suffix = ".safetensors";

    private CertifiedMixture(IReadOnlyList<MixedNetwork> networks, Normalization? normalization)
    {
        (Networks, Normalization) = (networks, normalization);
        double sum = networks.Sum(network => network.Share);
        if (networks.Any(network => !(network.Share >= 0)) || !(Math.Abs(sum - 1) <= 1e-9))
        {
            throw new ArgumentException($"The shares of a mixture are 0 or more and sum to 1, but these sum to {sum}.");
        }
    }

    /// <summary>The networks, in the order of their stages.</summary>
    public IReadOnlyList<MixedNetwork> Networks { get; }

    /// <summary>How samples become the networks' inputs; null for as they are.</summary>
    public Normalization? Normalization { get; }

    /// <summary>The classifier of a certificate.</summary>
    /// <param name="certificate">The certificate, with its stages' weights.</param>
    public static CertifiedMixture Of(ProgressiveCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return new CertifiedMixture(
            [.. certificate.Stages.Select(stage => new MixedNetwork(stage.Share, stage.Weights, stage.State))],
            certificate.Normalization);
    }

    /// <summary>
    /// Writes a file for each network, stage-1.safetensors and so on; those that are there are replaced, each as a whole, or
    /// deleted.
    /// </summary>
    /// <param name="folder">The folder, which is made where it is missing.</param>
    /// <param name="model">A network of the same form, for the arrays' names; its parameters lie elsewhere afterwards.</param>
    /// <param name="notes">Texts for each file's metadata, from the number of its stage; null for none.</param>
    /// <exception cref="ArgumentException">The model has another number of weights.</exception>
    /// <exception cref="IOException">A file can't be written.</exception>
    public void Save(string folder, Module model, Func<int, IReadOnlyDictionary<string, string>>? notes = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(model);
        Directory.CreateDirectory(folder);
        using ParameterArena arena = new(model, Device.Cpu, 0);
        for (int stage = 1; stage <= Networks.Count; stage++)
        {
            MixedNetwork network = Networks[stage - 1];
            Load(arena, network);
            Dictionary<string, string> texts = new(notes?.Invoke(stage) ?? new Dictionary<string, string>())
            {
                [ShareText] = network.Share.ToString("R", CultureInfo.InvariantCulture),
            };
            if (Normalization is not null)
            {
                texts[NormalizationText] = Normalization.ToText();
            }

            SafetensorsFile.Save(
                Path.Combine(folder, NameOf(stage)),
                [.. Arrays(arena).Select(one => new NamedTensor(one.Name, one.Shape, one.Region.ToArray()).RequireFinite())],
                texts);
        }

        // Those of an earlier mixture of more networks are no part of this one.
        for (int stage = Networks.Count + 1; File.Exists(Path.Combine(folder, NameOf(stage))); stage++)
        {
            File.Delete(Path.Combine(folder, NameOf(stage)));
        }
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">A network of the same form; its parameters lie elsewhere afterwards.</param>
    /// <returns>The mixture, with its networks' weights.</returns>
    /// <exception cref="CheckpointException">A file is missing, damaged or of another network, or the shares don't sum to
    /// 1.</exception>
    public static CertifiedMixture Load(string folder, Module model)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(model);
        using ParameterArena arena = new(model, Device.Cpu, 0);
        List<MixedNetwork> networks = [];
        Normalization? normalization = null;
        while (File.Exists(Path.Combine(folder, NameOf(networks.Count + 1))))
        {
            using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, NameOf(networks.Count + 1)));
            file.VerifyChecksum();
            file.RequireArrays(
                Arrays(arena).Select(one => (one.Name, (IReadOnlyList<long>)one.Shape)), _ => false, "the mixture's network", "");
            foreach ((string name, _, Region region) in Arrays(arena))
            {
                region.Write(file.ReadFinite(name));
            }

            if (!double.TryParse(
                file.Metadata.GetValueOrDefault(ShareText), NumberStyles.Float, CultureInfo.InvariantCulture, out double share))
            {
                throw new CheckpointException($"{file.Name} states no share of a mixture: it is a network by itself.");
            }

            normalization = file.Metadata.TryGetValue(NormalizationText, out string? text) ? Normalization.Parse(text) : null;
            networks.Add(new MixedNetwork(share, arena.Save(), arena.SaveState()));
        }

        try
        {
            return networks.Count > 0 ? new CertifiedMixture(networks, normalization)
                : throw new CheckpointException($"{folder} holds no mixture: there is no {NameOf(1)} in it.");
        }
        catch (ArgumentException error)
        {
            throw new CheckpointException($"{folder} holds a part of a mixture, or of two: {error.Message}", error);
        }
    }

    /// <summary>
    /// The class of each sample, by the network that is drawn for it. The draw depends on the seed and the sample's place alone.
    /// </summary>
    /// <param name="model">A network of the same form; its parameters lie elsewhere afterwards.</param>
    /// <param name="samples">The samples, which are normalised as the certificate's were.</param>
    /// <param name="seed">Decides the draws.</param>
    /// <param name="device">Where to run; <see cref="Device.Best"/> without it.</param>
    /// <exception cref="ShapeException">The model does not fit the samples.</exception>
    public int[] Predict(Module model, SampleSet samples, ulong seed = 1, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(samples);
        samples = Normalization is null ? samples : samples.With(Normalization);
        int[] classes = new int[samples.Count];
        ILookup<int, int> drawn = Enumerable.Range(0, samples.Count).ToLookup(i => Draw(seed, i));
        using ParameterArena arena = new(model, device ?? Device.Best(), 0);
        using EvaluationPass pass = new(model, arena, samples, Loss.CrossEntropy, int.MaxValue);
        foreach (IGrouping<int, int> some in drawn)
        {
            Load(arena, Networks[some.Key]);
            int[] places = [.. some];
            float[] outputs = pass.Predict(samples.Subset(places));
            int width = outputs.Length / places.Length;
            for (int i = 0; i < places.Length; i++)
            {
                classes[places[i]] = ClassLoss.Largest(outputs.AsSpan(i * width, width));
            }
        }

        return classes;
    }

    /// <summary>The number of the network that is drawn for a sample, from 0.</summary>
    private int Draw(ulong seed, int sample)
    {
        double at = new RandomStream(seed, DrawStream, (uint)sample).NextUniform();
        int network = 0;
        while (network < Networks.Count - 1 && at >= Networks[network].Share)
        {
            at -= Networks[network++].Share;
        }

        return network;
    }

    private static void Load(ParameterArena arena, MixedNetwork network)
    {
        arena.Load(network.Weights.ToArray());
        arena.LoadState(network.State.ToArray());
    }

    private static string NameOf(int stage) => $"{Prefix}{stage.ToString(CultureInfo.InvariantCulture)}{Suffix}";

    private static IEnumerable<(string Name, long[] Shape, Region Region)> Arrays(ParameterArena arena) =>
        arena.Parameters.Select(parameter => (parameter.Name, parameter.Shape, parameter.Region!.Value))
            .Concat(arena.States.Select(state => (state.Name, state.Shape, state.Region!.Value)))
            .Select(one => (one.Name, one.Shape.AsSpan().ToArray().Select(extent => (long)extent).ToArray(), one.Item3));
}
