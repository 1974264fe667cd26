using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Examples with the outputs that another program computed for them: what shows that imported weights came to the right places.
/// </summary>
public static class ReferenceOutputs
{
    /// <summary>What the two arrays may be called.</summary>
    private static readonly (string Inputs, string Outputs)[] Names = [("inputs", "outputs"), ("images", "logits"), ("x", "y")];

    /// <summary>Compares what a network makes of examples with what a file says.</summary>
    /// <param name="network">The network.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="file">The file, with arrays inputs and outputs (or images and logits, or x and y); images are (N, C, H, W),
    /// as in PyTorch.</param>
    /// <param name="tolerance">How far an output may be off, in units of 1 + its size.</param>
    /// <returns>The largest difference, in these units.</returns>
    /// <exception cref="CheckpointException">An output is further off, or the file has no such arrays.</exception>
    /// <exception cref="ShapeException">The network takes other examples.</exception>
    public static double Check(Module network, ParameterArena arena, TensorFile file, double tolerance = 1e-4)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentNullException.ThrowIfNull(file);
        (string inputs, string outputs) = Names.FirstOrDefault(
            pair => file.Tensors.ContainsKey(pair.Inputs) && file.Tensors.ContainsKey(pair.Outputs));
        if (inputs is null)
        {
            throw new CheckpointException(
                $"{file.Name} has no examples with outputs: it needs arrays inputs and outputs, and has " +
                    $"{TensorFile.Some(file.Tensors.Keys)}.");
        }

        int[] dims = [.. file.Tensors[inputs].Shape.Select(extent => (int)extent)];
        float[] x = file.ReadFinite(inputs), expected = file.ReadFinite(outputs);
        if (x.Length == 0)
        {
            throw new CheckpointException($"{file.Name} has no examples.");
        }

        if (dims.Length == 4)
        {
            x = [.. AxisOrder.Places(dims, OnnxAxes.ToChannelsLast).Select(place => x[place])];
            dims = [dims[0], dims[2], dims[3], dims[1]];
        }

        Tensor input = Tensor.Input(new Shape(dims), inputs), output = network.Evaluated(input);
        Dictionary<Tensor, Region> bindings = [];
        arena.Bind(bindings, arena.Weights);
        using CompiledGraph graph = CompiledGraph.Compile(arena.Device, [output], bindings);
        graph[input].Write(x);
        graph.Run();
        float[] actual = graph[output].ToArray();
        if (actual.Length != expected.Length)
        {
            throw new CheckpointException(
                $"{outputs} in {file.Name} has {expected.Length} numbers, and the network gives {actual.Length} for its " +
                    $"{inputs}.");
        }

        double worst = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            double apart = Math.Abs((double)actual[i] - expected[i]) / (1 + Math.Abs((double)expected[i]));
            worst = apart <= worst ? worst : apart;
        }

        return worst <= tolerance ? worst : throw new CheckpointException(
            $"The network's outputs for {inputs} in {file.Name} are not those that stand there: they are off by up to " +
                $"{worst:G3} of " +
                $"1 + their size, and {tolerance:G3} is allowed. The weights are another network's, or came to wrong places.");
    }
}
