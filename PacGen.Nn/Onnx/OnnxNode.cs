using System.Globalization;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>A node of an ONNX graph.</summary>
/// <param name="Operator">Its operator, such as <c>Conv</c>.</param>
/// <param name="Domain">The operator's domain; empty for ONNX's own.</param>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="Inputs">The names of its inputs; empty for one that is left out.</param>
/// <param name="Outputs">The names of its outputs.</param>
/// <param name="Attributes">Its attributes by name: a <see cref="double"/>, <see cref="string"/>, <see cref="OnnxArray"/>, list
/// of words, or null of a kind that no known operator has.</param>
internal sealed record OnnxNode(
    string Operator, string Domain, string Name, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs,
    IReadOnlyDictionary<string, object?> Attributes)
{
    /// <summary>The node as messages call it: its operator and its name, or its output's where it has none.</summary>
    public string Label
    {
        get
        {
            string name = Name.Length > 0 ? Name : Outputs.FirstOrDefault("");
            return $"{(Domain.Length > 0 ? $"{Domain}." : "")}{Operator} node '{Printable.Name(name)}'";
        }
    }

    /// <summary>A number.</summary>
    public double Number(string name, double fallback) => Attributes.GetValueOrDefault(name) switch
    {
        double value => value,
        null when !Attributes.ContainsKey(name) => fallback,
        _ => throw Wrong(name),
    };

    /// <summary>A whole number.</summary>
    public int Integer(string name, int fallback) => (int)Math.Clamp(Number(name, fallback), int.MinValue, int.MaxValue);

    /// <summary>A word.</summary>
    public string Word(string name, string fallback) => Attributes.GetValueOrDefault(name) switch
    {
        string value => value,
        null when !Attributes.ContainsKey(name) => fallback,
        _ => throw Wrong(name),
    };

    /// <summary>Whole numbers, or null where there are none.</summary>
    public int[]? Integers(string name) => Attributes.GetValueOrDefault(name) switch
    {
        OnnxArray array => array.Integers,
        null when !Attributes.ContainsKey(name) => null,
        _ => throw Wrong(name),
    };

    /// <summary>Words, or null where there are none.</summary>
    public IReadOnlyList<string>? Words(string name) => Attributes.GetValueOrDefault(name) switch
    {
        IReadOnlyList<string> values => values,
        null when !Attributes.ContainsKey(name) => null,
        _ => throw Wrong(name),
    };

    /// <summary>An attribute has a value that the node can't have, or that isn't supported.</summary>
    public CheckpointException Wrong(string attribute) => new(
        $"the attribute {Printable.Name(attribute)} is {Shown(Attributes.GetValueOrDefault(attribute))}, which is not supported");

    private static string Shown(object? value) => value switch
    {
        double number => number.ToString(CultureInfo.InvariantCulture),
        string word => $"'{Printable.Name(word)}'",
        IReadOnlyList<string> words => $"({string.Join(", ", words.Take(8).Select(Printable.Name))})",
        OnnxArray array => $"({string.Join(", ", array.Values.Take(8))})",
        _ => "of an unknown kind",
    };
}
