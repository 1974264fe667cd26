using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// How the arrays of a model here correspond to those of the same model in PyTorch: their names, and the order of their elements.
/// Convolution weights are HWIO here and OIHW there, linear weights (in, out) and (out, in); images are NHWC and NCHW, so the
/// rows of a linear layer behind a flattened image are ordered (height, width, channel) here and (channel, height, width) there.
/// </summary>
public sealed record PyTorchLayout
{
    private readonly (string Name, Shape Shape, IReadOnlyList<int>? Axes)[] arrays;
    private readonly string model;

    private PyTorchLayout(Module model, IReadOnlyDictionary<string, (int Channels, int Height, int Width)> flattened)
    {
        this.model = model.GetType().Name;
        arrays =
        [
            .. model.Parameters.Select(parameter => (parameter.Name, parameter.Shape, parameter.PyTorchAxes)),
            .. model.State.Select(state => (state.Name, state.Shape, (IReadOnlyList<int>?)null)),
        ];
        Flattened = flattened;
        RequireKnown(flattened.Keys);
        foreach ((string name, (int channels, int height, int width)) in flattened)
        {
            Shape shape = arrays.First(array => array.Name == name).Shape;
            if (shape.Rank is not (1 or 2) || (long)channels * height * width != shape[0])
            {
                throw new ArgumentException(
                    $"{name} of shape {shape} is said to see a flattened image of {channels} channels and {height}×{width} " +
                        $"pixels, which is of another size.");
            }
        }
    }

    /// <summary>
    /// PyTorch's name of an array, by its name here, where it differs in more than the spelling (<c>runningMean</c>,
    /// <c>running_mean</c>).
    /// </summary>
    /// <exception cref="ArgumentException">The model has no such array.</exception>
    public IReadOnlyDictionary<string, string> Names
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            RequireKnown(value.Keys);
            field = value;
        }
    } = new Dictionary<string, string>();

    /// <summary>
    /// The image that an array sees flattened, by the array's name here: rows of a matrix, or a vector behind such an image.
    /// </summary>
    public IReadOnlyDictionary<string, (int Channels, int Height, int Width)> Flattened { get; }

    /// <summary>The layout of a model; which weights see a flattened image is found by following an example through it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="example">The shape of one example: (height, width, channels) of an image, or the length of a vector.</param>
    /// <exception cref="NotSupportedException">A flattened image can't be followed to the weights: say which see one.</exception>
    /// <exception cref="ShapeException">The model does not take such examples.</exception>
    public static PyTorchLayout Of(Module model, Shape example)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new PyTorchLayout(model, FlattenedImages.Of(model, example));
    }

    /// <summary>The layout of a model whose flattened images the caller knows: nothing is looked for.</summary>
    /// <param name="model">The model.</param>
    /// <param name="flattened">The image that an array sees flattened, by the array's name here; empty where none does.</param>
    /// <exception cref="ArgumentException">The model has no such array, or it is of another size.</exception>
    public static PyTorchLayout Of(Module model, IReadOnlyDictionary<string, (int Channels, int Height, int Width)> flattened)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(flattened);
        return new PyTorchLayout(model, flattened);
    }

    /// <summary>Replaces all parameters and all state of a model by those in a file.</summary>
    /// <param name="file">The file, such as <c>save_file(model.state_dict(), …)</c> of Python's safetensors or
    /// <c>torch.save(model.state_dict(), …)</c> writes it.</param>
    /// <param name="arena">The model's parameters.</param>
    /// <exception cref="CheckpointException">
    /// An array is missing, has another shape or a number that is not finite, or has no place in the model; nothing was replaced
    /// then.
    /// </exception>
    /// <exception cref="ArgumentException">The layout was made for another model.</exception>
    public void Load(TensorFile file, ParameterArena arena)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(arena);
        Entry[] entries = Entries(arena);
        file.RequireArrays(Arrays, IsCounter, model, "Say in Names what arrays are called there.");
        List<float[]> loaded = [];
        foreach (Entry entry in entries)
        {
            float[] theirs = file.ReadFinite(entry.Name);
            loaded.Add(Array.ConvertAll(entry.Order, place => theirs[place]));
        }

        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].Region.Write(loaded[i]);
        }
    }

    /// <summary>All parameters and state of a model as PyTorch has them, for <see cref="SafetensorsFile.Save"/>.</summary>
    /// <param name="arena">The arena of the model that the layout was made for.</param>
    /// <exception cref="ArgumentException">The layout was made for another model.</exception>
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

    /// <summary>The arrays that a file of this layout has: their names and extents in PyTorch.</summary>
    public IEnumerable<(string Name, IReadOnlyList<long> Extents)> Arrays =>
        arrays.Select(array => (TheirName(array.Name), (IReadOnlyList<long>)Extents(array.Shape, array.Axes)));

    /// <summary>Whether an array is a count of batches, which PyTorch's batch norm keeps and nothing here does.</summary>
    /// <param name="name">The array's name.</param>
    public static bool IsCounter(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name == "num_batches_tracked" || name.EndsWith(".num_batches_tracked", StringComparison.Ordinal);
    }

    private void RequireKnown(IEnumerable<string> names)
    {
        string[] missing = [.. names.Except(arrays.Select(array => array.Name))];
        if (missing.Length > 0)
        {
            throw new ArgumentException($"The layout names {string.Join(", ", missing)}, but {model} has no such array.");
        }
    }

    private Entry[] Entries(ParameterArena arena)
    {
        Entry[] entries =
        [
            .. arena.Parameters.Select(
                parameter => Of(parameter.Name, parameter.Shape, parameter.PyTorchAxes, parameter.Region!.Value)),
            .. arena.States.Select(state => Of(state.Name, state.Shape, null, state.Region!.Value)),
        ];
        IEnumerable<(string, Shape)> there =
            arena.Parameters.Select(parameter => (parameter.Name, parameter.Shape)).Concat(
                arena.States.Select(state => (state.Name, state.Shape)));
        return arrays.Select(array => (array.Name, array.Shape)).SequenceEqual(there)
            ? entries
            : throw new ArgumentException(
                $"The layout was made for {model} with other arrays than these parameters have.", nameof(arena));
    }

    private string TheirName(string name) =>
        Names.GetValueOrDefault(name) ?? string.Concat(
            name.Select(letter => char.IsAsciiLetterUpper(letter) ? $"_{char.ToLowerInvariant(letter)}" : $"{letter}"));

    private static long[] Extents(Shape shape, IReadOnlyList<int>? axes)
    {
        int[] places = TheirAxes(shape, axes);
        long[] theirs = new long[places.Length];
        for (int axis = 0; axis < places.Length; axis++)
        {
            theirs[places[axis]] = shape[axis];
        }

        return theirs;
    }

    /// <summary>For each of our axes, which of theirs it is: (KH, KW, C, OC) here is (OC, C, KH, KW) there.</summary>
    private static int[] TheirAxes(Shape shape, IReadOnlyList<int>? axes) => axes is not null ? [.. axes] : shape.Rank switch
    {
        4 => [2, 3, 1, 0],
        2 => [1, 0],
        _ => Parameter.SameAxes(shape),
    };

    private Entry Of(string name, Shape shape, IReadOnlyList<int>? order, Region region)
    {
        bool flat = Flattened.TryGetValue(name, out (int Channels, int Height, int Width) image);
        (int[] inner, int[] axes) = (shape.Rank, flat) switch
        {
            (2, true) => ((int[])[image.Height, image.Width, image.Channels, shape[1]], (int[])[2, 3, 1, 0]),
            (1, true) => ([image.Height, image.Width, image.Channels], [1, 2, 0]),
            _ => (shape.AsSpan().ToArray(), TheirAxes(shape, order)),
        };
        return new Entry(TheirName(name), Extents(shape, order), Places(inner, axes), region);
    }

    /// <summary>
    /// For each element of an array of some extents, row-major, its place once its axes are moved: axis i becomes axes[i].
    /// </summary>
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
    private sealed record Entry(string Name, long[] Extents, int[] Order, Region Region);
}
