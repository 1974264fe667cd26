using Google.Protobuf;
using PacGen.Core.Text;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A network that was read from an ONNX file, such as <c>torch.onnx.export</c> writes: its weights are parameters, named as in
/// the file, and begin with the file's values; batch norm's running statistics are state. So it is trained, scored, measured and
/// certified as any <see cref="Module"/>. Operators of ONNX 13 and later are known; one that isn't is named with its node.
/// </summary>
/// <remarks>
/// <para>Examples come as PacGen has them: an image as (N, H, W, C), where the file has (N, C, H, W), or its flattened rows in
/// the order of channel, height and width. Where both would fit, the file is taken to have (N, C, H, W), as PyTorch's are.</para>
/// <para>A parameter is each float array of the file that a node computes with; a number that stands in a node (a Constant), that
/// sets a node (a shape, a bound), or that is infinite (a mask) stays what it is, and so do zeros that recurrent units begin
/// with. In training, batch norm and dropout do what they do in training, whatever the file was exported for. The first output
/// alone is computed.</para>
/// </remarks>
/// <example>
/// <code>
/// OnnxNetwork network = OnnxNetwork.Open("network.onnx", example: new Shape(28, 28, 1));
/// using Trainer trainer = new(network, data, new Adam(1e-4), new TrainingOptions { Epochs = 1 });
/// </code>
/// </example>
public sealed class OnnxNetwork : Module
{
    private readonly string name;
    private readonly OnnxModel model;
    private readonly OnnxInput input;
    private readonly Shape example;
    private readonly byte[] structure;
    private readonly Dictionary<string, OnnxWeight> weights = [];
    private readonly Dictionary<string, Module> layers = [];
    private readonly List<OnnxNode> nodes;
    private bool importing = true;
    private long computed, unrolled;

    private OnnxNetwork(ReadOnlyMemory<byte> bytes, string name, OnnxModel model, Shape example)
    {
        (this.name, this.model, this.example) = (name, model, example);
        if (model.Opset < 13)
        {
            throw new CheckpointException(
                $"it is of version {model.Opset} of ONNX's operators, and 13 or later is read: export it again, or convert it " +
                    $"with onnx.version_converter");
        }

        nodes = Needed(model);
        OnnxInput[] inputs = [.. model.Inputs.Where(one => !model.Initializers.ContainsKey(one.Name))];
        input = inputs.Length == 1 ? inputs[0] : throw new CheckpointException(
            $"it has {inputs.Length} inputs, and a network of one is read");
        if (OnnxMessages.IsFloat(input.Type) is null)
        {
            throw new CheckpointException(
                $"its input '{Printable.Name(input.Name)}' has elements of the type {input.Type} of ONNX, and numbers are taken");
        }

        HashSet<string> names = [];
        foreach ((string array, OnnxInitializer source) in model.Initializers)
        {
            Add(array, source, names);
        }

        // PyTorch's exporter writes arrays of equal values once, and for each other one an Identity of it.
        foreach (OnnxNode node in nodes)
        {
            if (node is { Operator: "Identity", Inputs: [var same], Outputs: [var other] }
                && weights.TryGetValue(same, out OnnxWeight? weight))
            {
                Add(other, weight.Source with { Name = other }, names);
            }
        }

        Tensor output = Forward(Tensor.Input(new Shape([2, .. example.AsSpan()]), "examples"));
        Outputs = output.Shape[1];
        importing = false;

        // The values are the parameters' from here on; the file's bytes and what was decoded of them are let go.
        structure = OnnxMessages.WithoutValues(bytes, Used.Select(weight => weight.Source.Name).ToHashSet());
        foreach (OnnxWeight weight in Used)
        {
            weight.Forget();
            if (model.Initializers.TryGetValue(weight.Source.Name, out OnnxInitializer? source))
            {
                model.Initializers[source.Name] = source with { Values = null };
            }
        }
    }

    /// <summary>
    /// The key of ONNX's metadata under which a file says how examples are normalised: <see cref="Normalization.ToText"/>, such
    /// as <c>{"Mean":[0.1307],"StandardDeviation":[0.3081],"MaxValue":255}</c>, MaxValue null for numbers that are no bytes.
    /// </summary>
    public const string NormalizationKey = "pacgen.normalization";

    /// <summary>The length of an output row: classes, or numbers that are predicted.</summary>
    public int Outputs { get; }

    /// <summary>
    /// The extents of one example as the file has them, such as (channels, height, width); −1 for one that is open.
    /// </summary>
    public IReadOnlyList<int> Example => [.. (input.Dims ?? []).Skip(1).Select(extent => extent ?? -1)];

    /// <summary>The weights that nodes take.</summary>
    private IEnumerable<OnnxWeight> Used =>
        weights.Values.Where(weight => weight.Parameter is not null || weight.State is not null);

    /// <inheritdoc/>
    private protected override IEnumerable<(string Name, object? Part)> Parts =>
        Used.Select(weight => (weight.Name, (object?)weight.Parameter ?? weight.State))
            .Concat(layers.Select(layer => (layer.Key, (object?)layer.Value)));

    /// <summary>Reads a network.</summary>
    /// <param name="path">The file; arrays that lie in files of their own are read from its folder.</param>
    /// <param name="example">The shape of one example: (height, width, channels) of an image, or as the file has it.</param>
    /// <param name="logits">Whether a Softmax at the end is left out: losses take logits, not probabilities.</param>
    /// <returns>The network; its weights are those of the file.</returns>
    /// <exception cref="CheckpointException">
    /// The file is not there, is damaged, has an operator that is not known, or takes other examples.
    /// </exception>
    public static OnnxNetwork Open(string path, Shape example, bool logits = true)
    {
        ArgumentNullException.ThrowIfNull(path);
        OnnxMessages messages = new(Path.GetDirectoryName(Path.GetFullPath(path)));
        return Read(Bytes(path), path, example, messages, logits);
    }

    private static byte[] Bytes(string path) => TensorFile.ReadFrom(
        path, "is no ONNX file: it is empty or no regular file. Get or export it again.", () => File.ReadAllBytes(path));

    /// <summary>A network of a file's bytes.</summary>
    /// <param name="bytes">The file: without arrays in files of their own.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="example">The shape of one example.</param>
    /// <param name="logits">Whether a Softmax at the end is left out.</param>
    /// <exception cref="CheckpointException">As for <see cref="Open"/>.</exception>
    public static OnnxNetwork Read(ReadOnlyMemory<byte> bytes, string name, Shape example, bool logits = true) =>
        Read(bytes, name, example, new OnnxMessages(null), logits);

    /// <summary>
    /// How a file says that examples are normalised, see <see cref="NormalizationKey"/>; null where it doesn't.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is not there or damaged, or says it in another way.</exception>
    public static Normalization? ReadNormalization(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        byte[] bytes = Bytes(path);
        try
        {
            return !OnnxMessages.Metadata(bytes).TryGetValue(NormalizationKey, out string? text) ? null
                : Normalization.Parse(text) ?? throw new CheckpointException(
                    $"{path} can't be used: its {NormalizationKey} is '{Printable.Name(text)}', which is no normalisation.");
        }
        catch (InvalidProtocolBufferException error)
        {
            throw Damaged(path, error);
        }
    }

    /// <summary>A network of which all but the weights' values is known, see <see cref="Structure"/>: they are 0.</summary>
    /// <param name="structure">What <see cref="Structure"/> gave.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="example">The shape of one example.</param>
    /// <param name="weights">How many weights there are elsewhere: a structure that states more is refused before they take
    /// memory.</param>
    /// <param name="logits">Whether a Softmax at the end is left out.</param>
    /// <exception cref="CheckpointException">As for <see cref="Open"/>.</exception>
    public static OnnxNetwork FromStructure(
        ReadOnlyMemory<byte> structure, string name, Shape example, long weights, bool logits = true) =>
        Read(structure, name, example, new OnnxMessages(null, weights), logits);

    /// <summary>
    /// The network's file without the values of parameters and state: what a file of weights keeps beside them to say how to
    /// build the network again.
    /// </summary>
    public byte[] Structure() => [.. structure];

    /// <summary>Checks that a file has the arrays that <see cref="Load"/> takes, and no others.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="CheckpointException">An array is missing, has another shape, or has no place.</exception>
    public void RequireArrays(TensorFile file) => Places(file);

    /// <summary>Replaces all weights and running statistics by those of a file that has them under ONNX's names and in its order
    /// of elements, such as the state_dict that the network was exported with, or a later one. A matrix that PyTorch's exporter
    /// transposed and named anew (<c>onnx::MatMul_383</c>) is found by the module whose node takes it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="arena">The network's parameters.</param>
    /// <exception cref="CheckpointException">An array is missing, has another shape or a number that is not finite, or has no
    /// place in the network; nothing was replaced then.</exception>
    public void Load(TensorFile file, ParameterArena arena)
    {
        ArgumentNullException.ThrowIfNull(arena);
        (OnnxWeight Weight, string Name, bool Transposed)[] places = Places(file);
        float[][] values = [.. places.Select(place => place.Weight.InOrderOfNetwork(Values(place)))];
        foreach (((OnnxWeight weight, _, _), float[] stored) in places.Zip(values))
        {
            (weight.Parameter?.Region ?? weight.State!.Region ?? throw new ArgumentException(
                $"The parameters are not those of {name}.", nameof(arena))).Write(stored);
        }

        float[] Values((OnnxWeight Weight, string Name, bool Transposed) place)
        {
            float[] read = file.ReadFinite(place.Name);
            if (!place.Transposed)
            {
                return read;
            }

            int[] extents = [.. Enumerable.Reverse(place.Weight.Source.Dims)];
            return Array.ConvertAll(AxisOrder.Places(extents, [1, 0]), from => read[from]);
        }
    }

    /// <summary>Where each weight stands in a file, which has no other arrays.</summary>
    private (OnnxWeight Weight, string Name, bool Transposed)[] Places(TensorFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        HashSet<string> own = [.. Used.Select(weight => weight.Source.Name)];
        (OnnxWeight Weight, string Name, bool Transposed)[] places = [.. Used.Select(
            weight => PlaceInModule(weight, file, own) is { } named ? (weight, named, true)
                : (weight, weight.Source.Name, false))];
        file.RequireArrays(
            places.Select(place => (place.Name, (IReadOnlyList<long>)[.. (place.Transposed
                ? Enumerable.Reverse(place.Weight.Source.Dims) : place.Weight.Source.Dims).Select(extent => (long)extent)])),
            PyTorchLayout.IsCounter, name, "It takes arrays of the names that the ONNX file gives them.");
        return places;
    }

    /// <summary>
    /// The name in a state_dict of a matrix whose name PyTorch's exporter lost when it transposed it: the one array of that shape
    /// in the module that the node's name has, <c>/layers/layers.0/linear1/MatMul</c>. Null where it has its name.
    /// </summary>
    private string? PlaceInModule(OnnxWeight weight, TensorFile file, HashSet<string> own)
    {
        string array = weight.Source.Name;
        if (weight.Source.Dims is not [var rows, var columns] || !array.StartsWith("onnx::", StringComparison.Ordinal)
            || file.Tensors.ContainsKey(array) || nodes.Find(node => node.Inputs.Contains(array)) is not { } taker)
        {
            return null;
        }

        List<string> scopes = [];
        foreach (string scope in taker.Name.Split('/', StringSplitOptions.RemoveEmptyEntries)[..^1])
        {
            // A part of a Sequential repeats the name that the whole has.
            if (scopes.Count > 0 && scope.StartsWith($"{scopes[^1]}.", StringComparison.Ordinal))
            {
                scopes.RemoveAt(scopes.Count - 1);
            }

            scopes.Add(scope);
        }

        string module = string.Concat(scopes.Select(scope => $"{scope}."));
        string[] found = [.. file.Tensors.Values.Where(
            info => info.Name.StartsWith(module, StringComparison.Ordinal) && !own.Contains(info.Name)
                && !info.Name.AsSpan(module.Length).Contains('.') && info.Shape.SequenceEqual([columns, rows]))
            .Select(info => info.Name)];
        return found is [var only] ? only : null;
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The examples have another shape than the network was read for.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (!x.Shape.AsSpan()[1..].SequenceEqual(example.AsSpan()))
        {
            throw new ShapeException($"{name} was read for examples of shape {example}, but the batch has shape {x.Shape}.");
        }

        Batch = x.Shape[0];
        computed = unrolled = 0;
        Dictionary<string, OnnxValue> values = [];
        foreach ((string array, OnnxInitializer source) in model.Initializers)
        {
            values[array] = ValueOf(array, source);
        }

        values[input.Name] = Input(x);
        foreach (OnnxNode node in nodes)
        {
            Run(node, values);
        }

        string last = model.Outputs[0].Name;
        OnnxValue output = values.GetValueOrDefault(last)
            ?? throw new CheckpointException($"no node makes its output '{Printable.Name(last)}'");
        int count = x.Shape[0];
        return output.Dims is [var rows] && rows == count ? output.Plain().Reshape(count, 1)
            : output.Dims is [var many, _] && many == count ? output.Plain()
            : throw new CheckpointException(
                $"its output has the extents ({string.Join(", ", output.Dims)}) for {count} examples, where a row for each is " +
                    $"needed");
    }

    /// <summary>A layer that a node stands for, which is made once.</summary>
    internal TLayer Layer<TLayer>(OnnxNode node, Func<TLayer> make)
        where TLayer : Module
    {
        string key = node.Outputs[0];
        if (layers.TryGetValue(key, out Module? layer))
        {
            return (TLayer)layer;
        }

        TLayer made = make();
        layers.Add(key, made);
        return made;
    }

    /// <summary>Counts numbers that are computed without any example: a small file can ask for very many.</summary>
    /// <exception cref="CheckpointException">They are more than any network needs.</exception>
    internal void CountComputed(long more)
    {
        computed += more;
        if (computed > 4L * OnnxArray.MostComputed)
        {
            throw new CheckpointException(
                $"more than {4L * OnnxArray.MostComputed} numbers would have to be computed for the file's shapes and settings");
        }
    }

    /// <summary>Counts steps of recurrent units, each of which is some nodes of the graph.</summary>
    /// <exception cref="CheckpointException">They are more than are unrolled.</exception>
    internal void CountUnrolled(long more)
    {
        const int Most = 16_384;
        unrolled += more;
        if (unrolled > Most)
        {
            throw new CheckpointException($"its recurrent units take {unrolled} steps, and at most {Most} are unrolled");
        }
    }

    /// <summary>The size of batches that the file states, where it does.</summary>
    internal int? StatedBatch => input.Dims is [int batch, ..] ? batch : null;

    /// <summary>The size of the batch that the graph is being built for.</summary>
    internal int Batch { get; private set; }

    private static OnnxNetwork Read(
        ReadOnlyMemory<byte> bytes, string name, Shape example, OnnxMessages messages, bool logits)
    {
        try
        {
            OnnxModel model = messages.Model(bytes);
            if (logits && model.Outputs.Count > 0 && model.Nodes.Find(node => node.Outputs.Contains(model.Outputs[0].Name))
                is { Operator: "Softmax", Domain: "", Inputs: [var before] })
            {
                model.Outputs[0] = model.Outputs[0] with { Name = before };
            }

            return new OnnxNetwork(bytes, name, model, example);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw Damaged(name, error);
        }
        catch (CheckpointException error)
        {
            throw new CheckpointException($"{name} can't be used: {error.Message.TrimEnd('.')}.", error);
        }
    }

    private static CheckpointException Damaged(string name, InvalidProtocolBufferException error) => new(
        $"{name} is damaged or no ONNX file: {error.Message.ReplaceLineEndings(" ")} Get or export it again.", error);

    /// <summary>The nodes that the first output needs.</summary>
    private static List<OnnxNode> Needed(OnnxModel model)
    {
        if (model.Outputs.Count == 0)
        {
            throw new CheckpointException("it has no output");
        }

        HashSet<string> wanted = [model.Outputs[0].Name];
        List<OnnxNode> needed = [];
        foreach (OnnxNode node in Enumerable.Reverse(model.Nodes))
        {
            if (node.Outputs.Any(wanted.Contains))
            {
                wanted.UnionWith(node.Inputs.Where(one => one.Length > 0));
                needed.Add(node);
            }
        }

        needed.Reverse();
        return needed;
    }

    private void Add(string array, OnnxInitializer source, HashSet<string> names)
    {
        if (source.Values is { } values && Array.FindIndex(values, double.IsNaN) is >= 0 and var unknown)
        {
            throw new CheckpointException(
                $"its array '{Printable.Name(array)}' has NaN as number {unknown + 1} of {values.Length}: export the network " +
                "from before its training went wrong");
        }

        // A scalar is a setting, and so is what isn't finite; an array without elements is nothing.
        if (source.Whole || source.Dims.Length == 0 || source.Dims.Contains(0)
            || source.Values?.All(value => float.IsFinite((float)value)) == false
            || (source.Values?.All(value => value == 0) == true && IsFirstState(array)))
        {
            return;
        }

        // A slash marks what belongs to no network in PacGen's own files.
        string shown = array.Replace('/', '.');
        string unique = shown;
        for (int i = 2; !names.Add(unique); i++)
        {
            unique = $"{shown}.{i}";
        }

        weights[array] = new OnnxWeight(source, unique);
    }

    /// <summary>
    /// Whether an array is what recurrent units begin with, and nothing else: zeros there are a setting, not weights.
    /// </summary>
    private bool IsFirstState(string array)
    {
        OnnxNode[] takers = [.. nodes.Where(node => node.Inputs.Contains(array))];
        return takers.Length > 0 && array.Length > 0 && takers.All(node => node.Operator switch
        {
            "LSTM" or "GRU" or "RNN" => node.Inputs.Index().All(one => one.Item != array || one.Index is 5 or 6),
            "Identity" or "Slice" or "Expand" or "Reshape" or "Unsqueeze" or "Squeeze" or "Split" or "Gather" =>
                node.Outputs.All(output => output.Length == 0 || IsFirstState(output)),
            _ => false,
        });
    }

    private OnnxValue ValueOf(string array, OnnxInitializer source) =>
        weights.TryGetValue(array, out OnnxWeight? weight)
            ? new OnnxStored(weight, AxisOrder.Identity(source.Dims.Length))
            : new OnnxKnown(new OnnxArray(source.Dims, source.Numbers(), source.Whole));

    /// <summary>The examples as the file's input.</summary>
    private OnnxTensor Input(Tensor x)
    {
        int[] ours = x.Shape.AsSpan()[1..].ToArray();
        int?[] theirs = [.. (input.Dims ?? throw new CheckpointException("it does not say how many axes its input has")).Skip(1)];
        int count = x.Shape[0];
        if (ours is [var height, var width, var channels])
        {
            if (Fits(theirs, channels, height, width))
            {
                return OnnxCall.OfImages(x);
            }

            if (Fits(theirs, channels * height * width))
            {
                return new OnnxTensor(x.Flatten(), [count, channels * height * width], OnnxLayout.FlattenedImage)
                {
                    Image = [channels, height, width],
                };
            }

            // A single channel may be left out.
            if (channels == 1 && Fits(theirs, height, width))
            {
                return new OnnxTensor(x.Reshape(count, height, width), [count, height, width]);
            }
        }

        return Fits(theirs, ours) ? new OnnxTensor(x, [count, .. ours]) : throw new CheckpointException(
            $"its input '{Printable.Name(input.Name)}' takes examples of " +
                $"({string.Join(", ", theirs.Select(extent => extent is null ? "?" : $"{extent}"))}), " +
                $"but these have the shape {example}{(ours.Length == 3 ? " (height, width, channels)" : "")}");
    }

    private static bool Fits(int?[] theirs, params ReadOnlySpan<int> ours)
    {
        bool fits = theirs.Length == ours.Length;
        for (int axis = 0; fits && axis < ours.Length; axis++)
        {
            fits = theirs[axis] is null || theirs[axis] == ours[axis];
        }

        return fits;
    }

    private void Run(OnnxNode node, Dictionary<string, OnnxValue> values)
    {
        try
        {
            // An Identity that is a parameter of its own.
            if (node.Operator == "Identity" && weights.TryGetValue(node.Outputs[0], out OnnxWeight? weight))
            {
                values[node.Outputs[0]] = new OnnxStored(weight, AxisOrder.Identity(weight.Source.Dims.Length));
                return;
            }

            OnnxValue?[] inputs = [.. node.Inputs.Select(one => one.Length == 0 ? null : values.GetValueOrDefault(one)
                ?? throw new CheckpointException($"nothing before it makes its input '{Printable.Name(one)}'"))];
            IReadOnlyList<OnnxValue> outputs = OnnxOperators.Run(new OnnxCall(node, inputs, this));
            for (int i = 0; i < Math.Min(outputs.Count, node.Outputs.Count); i++)
            {
                values[node.Outputs[i]] = outputs[i];
            }
        }
        catch (CheckpointException error)
        {
            throw new CheckpointException($"{node.Label}: {error.Message.TrimEnd('.')}.", error);
        }
        catch (Exception error) when (importing
            && error is ShapeException or ArgumentException or ArithmeticException or InvalidOperationException
                or IndexOutOfRangeException or OutOfMemoryException)
        {
            throw new CheckpointException($"{node.Label}: {error.Message.ReplaceLineEndings(" ").TrimEnd('.')}.", error);
        }
    }
}
