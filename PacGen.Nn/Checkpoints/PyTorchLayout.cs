using PacGen.Kernels;

namespace PacGen.Nn.Checkpoints;

/// <summary>
/// How the arrays of a model here correspond to those of the same model in PyTorch: their names, and the order of their elements.
/// Convolution weights are HWIO here and OIHW there, linear weights (in, out) and (out, in); images are NHWC and NCHW, so the rows of
/// a linear layer behind a flattened image are ordered (height, width, channel) here and (channel, height, width) there.
/// </summary>
public sealed record PyTorchLayout
{
    /// <summary>Names that PyTorch writes as here but for its spelling (<c>runningMean</c> is <c>running_mean</c>) and no flattened images: Wide-ResNet, MLPs.</summary>
    public static PyTorchLayout SameNames { get; } = new();

    /// <summary>The layout of <see cref="MnistCnn"/>, whose <c>fc1</c> sees a flattened image of 20 channels and 4×4 pixels.</summary>
    public static PyTorchLayout MnistCnn { get; } = new() { Flattened = new Dictionary<string, (int, int, int)> { ["fc1.weight"] = (20, 4, 4) } };

    /// <summary>PyTorch's name of an array, by its name here, where it is another.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    /// <summary>The image that a linear layer sees flattened, by the name here of its weights.</summary>
    public IReadOnlyDictionary<string, (int Channels, int Height, int Width)> Flattened { get; init; } = new Dictionary<string, (int, int, int)>();

    /// <summary>Replaces all parameters and all state of a model by those in a file.</summary>
    /// <param name="file">The file, such as <c>save_file(model.state_dict(), …)</c> of Python's safetensors writes it.</param>
    /// <param name="arena">The model's parameters.</param>
    /// <exception cref="CheckpointException">An array is missing, has another shape, or has no place in the model; nothing was replaced then.</exception>
    /// <exception cref="ArgumentException"><see cref="Flattened"/> does not fit the model.</exception>
    public void Load(SafetensorsFile file, ParameterArena arena)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(arena);
        Entry[] entries = Entries(arena);
        HashSet<string> known = [.. entries.Select(entry => entry.Name)];

        // PyTorch's batch norm counts its batches; nothing here does.
        string[] idle = [.. file.Tensors.Keys.Where(name => !known.Contains(name) && name != "num_batches_tracked" && !name.EndsWith(".num_batches_tracked", StringComparison.Ordinal))];
        if (idle.Length > 0)
        {
            throw new CheckpointException($"The file has {SafetensorsFile.Some(idle)}, which has no place in this model; it takes {SafetensorsFile.Some(known)}. Say in Names what they are called here.");
        }

        List<float[]> loaded = [];
        foreach (Entry entry in entries)
        {
            if (file.Tensors.TryGetValue(entry.Name, out SafetensorInfo? info) && !info.Shape.SequenceEqual(entry.Extents))
            {
                throw new CheckpointException($"{entry.Name} in the file has the shape ({string.Join(", ", info.Shape)}), but this model needs ({string.Join(", ", entry.Extents)}).");
            }

            float[] theirs = file.Read(entry.Name);
            loaded.Add(Array.ConvertAll(entry.Order, place => theirs[place]));
        }

        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].Region.Write(loaded[i]);
        }
    }

    /// <summary>All parameters and state of a model as PyTorch has them, for <see cref="SafetensorsFile.Save"/>.</summary>
    /// <exception cref="ArgumentException"><see cref="Flattened"/> does not fit the model.</exception>
    public IReadOnlyList<NamedTensor> Export(ParameterArena arena)
    {
        ArgumentNullException.ThrowIfNull(arena);
        return [.. Entries(arena).Select(entry =>
        {
            float[] ours = entry.Region.ToArray(), theirs = new float[ours.Length];
            for (int i = 0; i < ours.Length; i++)
            {
                theirs[entry.Order[i]] = ours[i];
            }

            return new NamedTensor(entry.Name, entry.Extents, theirs);
        })];
    }

    private Entry[] Entries(ParameterArena arena)
    {
        string[] missing = [.. Names.Keys.Concat(Flattened.Keys).Except(arena.Parameters.Select(parameter => parameter.Name).Concat(arena.States.Select(state => state.Name)))];
        return missing.Length > 0
            ? throw new ArgumentException($"The layout names {string.Join(", ", missing)}, but the model has no such array.", nameof(arena))
            :
            [
                .. arena.Parameters.Select(parameter => Of(parameter.Name, parameter.Shape, parameter.Region!.Value)),
                .. arena.States.Select(state => Of(state.Name, state.Shape, state.Region!.Value)),
            ];
    }

    private Entry Of(string name, Shape shape, Kernels.Devices.Region region)
    {
        string theirs = Names.GetValueOrDefault(name) ?? string.Concat(name.Select(letter => char.IsAsciiLetterUpper(letter) ? $"_{char.ToLowerInvariant(letter)}" : $"{letter}"));
        (long[] extents, int[] axes, int[] inner) = shape.Rank switch
        {
            // (KH, KW, C, OC) here, (OC, C, KH, KW) there: for each of our axes, which of theirs it is.
            4 => ([shape[3], shape[2], shape[0], shape[1]], [2, 3, 1, 0], (int[])[shape[0], shape[1], shape[2], shape[3]]),
            2 when Flattened.TryGetValue(name, out (int Channels, int Height, int Width) image) && (long)image.Channels * image.Height * image.Width == shape[0] =>
                ([shape[1], shape[0]], [2, 3, 1, 0], (int[])[image.Height, image.Width, image.Channels, shape[1]]),
            _ when Flattened.ContainsKey(name) => throw new ArgumentException($"The layout says that {name} sees a flattened image of another size than its shape {shape}."),
            2 => ((long[])[shape[1], shape[0]], (int[])[1, 0], (int[])[shape[0], shape[1]]),
            _ => (Enumerable.Range(0, shape.Rank).Select(axis => (long)shape[axis]).ToArray(), Enumerable.Range(0, shape.Rank).ToArray(), Enumerable.Range(0, shape.Rank).Select(axis => shape[axis]).ToArray()),
        };
        return new Entry(theirs, extents, Places(inner, axes), region);
    }

    /// <summary>For each element of an array of some extents, row-major, its place once its axes are moved: axis i becomes axes[i].</summary>
    private static int[] Places(int[] extents, int[] axes)
    {
        int[] moved = new int[extents.Length], strides = new int[extents.Length];
        for (int i = 0; i < extents.Length; i++)
        {
            moved[axes[i]] = extents[i];
        }

        int stride = 1;
        for (int i = extents.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= moved[i];
        }

        int[] places = new int[stride];
        int[] index = new int[extents.Length];
        for (int i = 0; i < places.Length; i++)
        {
            for (int axis = 0; axis < index.Length; axis++)
            {
                places[i] += index[axis] * strides[axes[axis]];
            }

            for (int axis = index.Length - 1; axis >= 0 && ++index[axis] == extents[axis]; axis--)
            {
                index[axis] = 0;
            }
        }

        return places;
    }

    /// <summary>An array: PyTorch's name and extents, for each element here its place there, and where it lives.</summary>
    private sealed record Entry(string Name, long[] Extents, int[] Order, Kernels.Devices.Region Region);
}
