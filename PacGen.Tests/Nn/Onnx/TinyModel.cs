using System.Runtime.InteropServices;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// A small ONNX model, written field by field as onnx.proto3 numbers them: from x to y, which has a row an example.
/// </summary>
internal sealed class TinyModel
{
    private readonly ProtoWriter graph = new();
    private readonly Random random = new(5);
    private int values;

    /// <summary>A node.</summary>
    /// <param name="type">Its operator.</param>
    /// <param name="inputs">The values that it takes; empty for one that is left out.</param>
    /// <param name="attributes">Numbers, words, and lists of either.</param>
    /// <param name="output">Which of its outputs is wanted; −1 for the second, where the first has no name.</param>
    /// <returns>That output.</returns>
    public string Node(string type, string[] inputs, (string Name, object Value)[]? attributes = null, int output = 0)
    {
        string[] outputs = output < 0 ? ["", $"v{values++}"] : [.. Enumerable.Range(0, output + 1).Select(_ => $"v{values++}")];
        Node(type, inputs, attributes ?? [], outputs);
        return outputs[^1];
    }

    /// <summary>Whole numbers.</summary>
    public string Whole(params long[] numbers) => Array([numbers.Length], 7, MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());

    /// <summary>A whole number without an axis.</summary>
    public string One(long number) => Array([], 7, BitConverter.GetBytes(number));

    /// <summary>Numbers.</summary>
    public string Numbers(params float[] numbers) =>
        Array([numbers.Length], 1, MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());

    /// <summary>A number without an axis.</summary>
    public string One(float number) => Array([], 1, BitConverter.GetBytes(number));

    /// <summary>Weights.</summary>
    public string Weights(params int[] dims) => Array(
        dims, 1,
        MemoryMarshal.AsBytes(
            [.. Enumerable.Range(0, dims.Aggregate(1, (count, extent) => count * extent)).Select(
                _ => random.NextSingle() - 0.5f)]).ToArray());

    /// <summary>Weights that are all the same.</summary>
    public string Filled(float value, params int[] dims) => Array(
        dims, 1,
        MemoryMarshal.AsBytes(
            [.. Enumerable.Repeat(value, dims.Aggregate(1, (count, extent) => count * extent))]).ToArray());

    /// <summary>The model's bytes.</summary>
    /// <param name="last">The value that y is, flattened.</param>
    /// <param name="opset">The version of the operators.</param>
    /// <param name="example">The extents of an example.</param>
    public byte[] Model(string last, int opset, params int[] example)
    {
        // A network has a weight.
        Node("Flatten", [Node("Mul", [last, Numbers(1)])], [], "y");
        graph.Text(2, "tiny").Message(11, Value("x", example)).Message(12, Value("y", [-1]));
        return new ProtoWriter().Number(1, 8).Message(7, graph).Message(8, new ProtoWriter().Number(2, opset)).Bytes.ToArray();
    }

    private static ProtoWriter Value(string name, int[] example)
    {
        ProtoWriter shape = new ProtoWriter().Message(1, new ProtoWriter().Text(2, "batch"));
        foreach (int extent in example)
        {
            shape.Message(1, extent < 0 ? new ProtoWriter().Text(2, "any") : new ProtoWriter().Number(1, extent));
        }

        return new ProtoWriter().Text(1, name).Message(
            2, new ProtoWriter().Message(1, new ProtoWriter().Number(1, 1).Message(2, shape)));
    }

    private static ProtoWriter Attribute(string name, object value)
    {
        ProtoWriter attribute = new ProtoWriter().Text(1, name);
        switch (value)
        {
            case int number:
                return attribute.Number(3, number).Number(20, 2);
            case float number:
                return attribute.Float(2, number).Number(20, 1);
            case string word:
                return attribute.Text(4, word).Number(20, 3);
            case int[] numbers:
                System.Array.ForEach(numbers, number => attribute.Number(8, number));
                return attribute.Number(20, 7);
            case string[] words:
                System.Array.ForEach(words, word => attribute.Text(9, word));
                return attribute.Number(20, 8);
            default:
                throw new ArgumentException($"{name} is {value.GetType()}.", nameof(value));
        }
    }

    private void Node(string type, string[] inputs, (string Name, object Value)[] attributes, params string[] outputs)
    {
        ProtoWriter node = new();
        System.Array.ForEach(inputs, input => node.Text(1, input));
        System.Array.ForEach(outputs, output => node.Text(2, output));
        node.Text(3, $"/{type}_{values}").Text(4, type);
        System.Array.ForEach(attributes, attribute => node.Message(5, Attribute(attribute.Name, attribute.Value)));
        graph.Message(1, node);
    }

    private string Array(int[] dims, int type, byte[] bytes)
    {
        string name = $"a{values++}";
        ProtoWriter array = new();
        System.Array.ForEach(dims, extent => array.Number(1, extent));
        graph.Message(5, array.Number(2, type).Text(8, name).Raw(9, bytes));
        return name;
    }
}
