using System.IO.Compression;
using System.Text;

namespace PacGen.Tests.Trajectories;

/// <summary>Training steps of several optimizers in libtorch, from the same weights on the same batches.
/// <c>make-trajectories.cs</c> makes the files and describes their format.</summary>
internal sealed class TrajectoryFile
{
    private readonly byte[] images;
    private readonly byte[] labels;
    private readonly float[] normalization;
    private readonly float wholeUpTo;
    private readonly int stride;

    private TrajectoryFile(IReadOnlyList<(string Name, int[] Extents, float[] Floats, byte[] Bytes)> arrays)
    {
        (_, int[] extents, _, images) = arrays.Single(a => a.Name == "images");
        labels = arrays.Single(a => a.Name == "labels").Bytes;
        normalization = arrays.Single(a => a.Name == "normalization").Floats;
        Steps = extents[0];
        BatchSize = extents[1];
        ImageExtents = extents[2..];
        Parameters = [.. arrays.Where(a => a.Name.StartsWith("initial/", StringComparison.Ordinal))
            .Select(a => new TrajectoryParameter(a.Name["initial/".Length..], a.Extents, a.Floats))];
        Runs = [.. arrays.Where(a => a.Name.EndsWith("/settings", StringComparison.Ordinal)).Select(a =>
        {
            string optimizer = a.Name[..^"/settings".Length];
            float[] losses = arrays.Single(b => b.Name == optimizer + "/losses").Floats;
            string after = optimizer + "/after/";
            Dictionary<int, float[]> kept = arrays.Where(b => b.Name.StartsWith(after, StringComparison.Ordinal))
                .ToDictionary(b => int.Parse(b.Name[after.Length..]), b => b.Floats);
            string state = optimizer + "/state/";
            Dictionary<int, float[]> states = arrays.Where(b => b.Name.StartsWith(state, StringComparison.Ordinal))
                .ToDictionary(b => int.Parse(b.Name[state.Length..]), b => b.Floats);
            float[] s = a.Floats;
            return new TrajectoryRun(optimizer, s[0], s[1], s[2] != 0, s[3], s[4], s[5], s[6], losses, kept, states);
        })];
        float[] sampled = arrays.SingleOrDefault(a => a.Name == "sampled").Floats ?? [float.PositiveInfinity, 1];
        (wholeUpTo, stride) = (sampled[0], (int)sampled[1]);
    }

    /// <summary>The number of steps.</summary>
    public int Steps { get; }

    /// <summary>The images of one step.</summary>
    public int BatchSize { get; }

    /// <summary>One image: (height, width, channels), or (inputs) for the MLP.</summary>
    public int[] ImageExtents { get; }

    /// <summary>The parameters in the order of the flat arena.</summary>
    public IReadOnlyList<TrajectoryParameter> Parameters { get; }

    /// <summary>One run per optimizer, all from the same weights.</summary>
    public IReadOnlyList<TrajectoryRun> Runs { get; }

    /// <summary>All parameters before the first step: the segments' concatenation.</summary>
    public float[] Initial => [.. Parameters.SelectMany(p => p.Initial)];

    /// <summary>
    /// What of a parameter's values the runs keep: of a large one in a Wide-ResNet's file only every so many-th.
    /// </summary>
    public float[] Kept(ReadOnlySpan<float> parameter)
    {
        int step = parameter.Length <= wholeUpTo ? 1 : stride;
        float[] kept = new float[((parameter.Length - 1) / step) + 1];
        for (int i = 0; i < kept.Length; i++)
        {
            kept[i] = parameter[i * step];
        }

        return kept;
    }

    /// <summary>
    /// Reads a file of this folder: <c>mlp</c> (64, 48, 32, 10; ReLU; digits), <c>mnist-cnn</c>, <c>wrn-10-1</c> or
    /// <c>wrn-16-1</c>.
    /// </summary>
    public static TrajectoryFile Open(string model)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Trajectories", model + ".trajectory.gz");
        using BinaryReader reader = new(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        List<(string, int[], float[], byte[])> arrays = [];
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            string name = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadInt32()));
            bool bytes = reader.ReadByte() == 1;
            int[] extents = new int[reader.ReadInt32()];
            for (int axis = 0; axis < extents.Length; axis++)
            {
                extents[axis] = reader.ReadInt32();
            }

            int count = extents.Aggregate(1, (product, extent) => product * extent);
            float[] floats = new float[bytes ? 0 : count];
            for (int i = 0; i < floats.Length; i++)
            {
                floats[i] = reader.ReadSingle();
            }

            arrays.Add((name, extents, floats, reader.ReadBytes(bytes ? count : 0)));
        }

        return new TrajectoryFile(arrays);
    }

    /// <summary>
    /// The inputs of one step, counted from 0: normalized, (batch, height, width, channels) or (batch, inputs), row-major.
    /// </summary>
    public float[] Inputs(int step)
    {
        int count = images.Length / Steps;
        float[] inputs = new float[count];
        for (int i = 0; i < count; i++)
        {
            inputs[i] = ((images[(step * count) + i] / normalization[0]) - normalization[1]) / normalization[2];
        }

        return inputs;
    }

    /// <summary>The classes of one step's images, 0 to 9.</summary>
    public int[] Labels(int step) => [.. labels.Skip(step * BatchSize).Take(BatchSize).Select(label => (int)label)];
}
