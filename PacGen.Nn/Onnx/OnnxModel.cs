namespace PacGen.Nn;

/// <summary>What an ONNX file says: nodes, arrays, inputs and outputs.</summary>
internal sealed class OnnxModel
{
    /// <summary>The program that wrote it, as it says.</summary>
    public string Producer { get; set; } = "";

    /// <summary>What the program noted besides, by its own keys.</summary>
    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>The version of ONNX's own operators; 0 where the file states none.</summary>
    public long Opset { get; set; }

    /// <summary>The nodes in the file's order: each after those that it takes from.</summary>
    public List<OnnxNode> Nodes { get; } = [];

    /// <summary>The arrays by name, in the file's order.</summary>
    public OrderedDictionary<string, OnnxInitializer> Initializers { get; } = [];

    /// <summary>The inputs; older files list arrays among them.</summary>
    public List<OnnxInput> Inputs { get; } = [];

    /// <summary>The outputs.</summary>
    public List<OnnxInput> Outputs { get; } = [];
}
