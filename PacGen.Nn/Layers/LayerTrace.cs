namespace PacGen.Nn;

/// <summary>
/// Which module made which tensors of a graph, for messages about a layer: tensors are numbered as they are made.
/// </summary>
internal sealed class LayerTrace
{
    private readonly List<(string Path, string Type, long After, long Last)> spans = [];

    /// <summary>Notes that a module made the tensors after one number up to another.</summary>
    public void Add(string path, string type, long after, long last) => spans.Add((path, type, after, last));

    /// <summary>
    /// The innermost module that made a tensor, such as <c>layer1.0.conv1</c>. Where a module of the user's own calls its parts'
    /// <see cref="Module.Forward"/> itself, the part is known by its parameters: by those that the tensor is made of directly.
    /// </summary>
    /// <returns>The path of fields and the module's type where it is known; null for the outermost module itself.</returns>
    public (string Path, string? Type)? Find(Tensor tensor)
    {
        (string Path, string Type, long After, long Last)? inner = null;
        foreach (var span in spans.Where(span => span.After < tensor.Order && tensor.Order <= span.Last && span.Path.Length > 0))
        {
            inner = inner is { } found && found.Last - found.After <= span.Last - span.After ? inner : span;
        }

        string? owner = tensor.Inputs.Select(Owner).FirstOrDefault(path => path is not null);
        return inner is { } known && (owner is null || !owner.StartsWith(known.Path + ".", StringComparison.Ordinal))
            ? (known.Path, known.Type)
            : owner is null ? null : (owner, null);
    }

    /// <summary>The module whose parameter a tensor is, or a view or stretching of it.</summary>
    private static string? Owner(Tensor tensor)
    {
        while (tensor.Parameter is null && tensor.Inputs is [Tensor only])
        {
            tensor = only;
        }

        return tensor.Parameter is { } parameter && parameter.Name.LastIndexOf('.') is > 0 and int end ? parameter.Name[..end]
            : null;
    }
}
