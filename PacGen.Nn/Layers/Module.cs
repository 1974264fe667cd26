using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;

namespace PacGen.Nn;

/// <summary>
/// A part of a network: parameters, state, other modules, and how they make an output tensor of an input tensor. A module of
/// one's own derives from this, keeps its parts in fields (or arrays and lists) and writes <see cref="Forward"/>.
/// </summary>
/// <remarks>
/// The attribute keeps the fields of every module, and with them its parameters, in a trimmed or native program.
/// </remarks>
[DynamicallyAccessedMembers(Kept)]
public abstract class Module
{
    private const DynamicallyAccessedMemberTypes Kept =
        DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields;

    private LayerTrace? trace;
    private string path = "";

    /// <summary>Whether the graph being built is for training: dropout and the like look at it.</summary>
    public bool Training => Context is not null;

    /// <summary>The training run that the graph being built is for, or null when it is for evaluation.</summary>
    protected TrainingContext? Context { get; private set; }

    /// <summary>
    /// All parameters, of this module and of its parts, in the order of the fields; named by the path of fields.
    /// </summary>
    public IReadOnlyList<Parameter> Parameters => Named<Parameter>((parameter, name) => parameter.Name = name);

    /// <summary>All state that is no parameter, such as running statistics, found and named as parameters are.</summary>
    public IReadOnlyList<StateTensor> State => Named<StateTensor>((state, name) => state.Name = name);

    /// <summary>The number of parameters, m.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Shape.Count);

    /// <summary>What may be or hold parameters, state and modules, in their order, by name: the fields.</summary>
    private protected virtual IEnumerable<(string Name, object? Part)> Parts =>
        Fields(GetType()).Select(one => (FieldName(one), one.GetValue(this)));

    /// <summary>
    /// The modules that it is made of, a line each with the shapes of its own parameters, and how many parameters there are in
    /// all.
    /// </summary>
    public override string ToString()
    {
        List<(string Name, Module Module, string Own)> lines = [];
        Visit("", (name, part) =>
        {
            if (part is Module module)
            {
                lines.Add((name, module, ""));
            }
            else if (part is Parameter parameter)
            {
                int owner = lines.FindLastIndex(line => name.StartsWith(line.Name, StringComparison.Ordinal));
                (string at, Module of, string own) = lines[owner];
                string comma = own.Length > 0 ? "," : "";
                lines[owner] = (at, of, $"{own}{comma} {name[at.Length..].TrimStart('.')} {parameter.Shape}");
            }
        });
        return string.Join('\n', lines.Select((line, i) => i == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{GetType().Name}, {ParameterCount:N0} parameters{Colon(line.Own)}")
            : $"  {line.Name} {line.Module.GetType().Name}{Colon(line.Own)}"));

        static string Colon(string own) => own.Length > 0 ? $":{own}" : "";
    }

    /// <summary>The output tensor for an input tensor; the first axis of both is the batch.</summary>
    /// <param name="x">The input: (N, H, W, C) for images, (N, T, C) for sequences, (N, C) for vectors.</param>
    public abstract Tensor Forward(Tensor x);

    /// <summary>Says that graphs built from now on are for training; the trainer does.</summary>
    /// <param name="context">Where dropout and batch norm find the step and the batch's part.</param>
    public void Train(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        SetContext(context);
    }

    /// <summary>Says that graphs built from now on are for evaluation; so they are at first.</summary>
    public void Eval() => SetContext(null);

    /// <summary><see cref="Forward"/>, noted in the trace where there is one: how a module of several calls its parts.</summary>
    internal Tensor Apply(Tensor x)
    {
        if (trace is null)
        {
            return Forward(x);
        }

        long before = Tensor.LastOrder;
        Tensor output = Forward(x);
        trace.Add(path, GetType().Name, before, Tensor.LastOrder);
        return output;
    }

    /// <summary>The output tensor in evaluation, whatever the graph that is being built is for.</summary>
    internal Tensor Evaluated(Tensor x)
    {
        TrainingContext? before = Context;
        SetContext(null);
        try
        {
            return Forward(x);
        }
        finally
        {
            SetContext(before);
        }
    }

    /// <summary>Notes in a trace which tensors the modules make from now on; null for no longer.</summary>
    internal void Trace(LayerTrace? notes) => Visit("", (name, part) =>
    {
        if (part is Module module)
        {
            (module.trace, module.path) = (notes, name);
        }
    });

    private List<T> Named<T>(Action<T, string> setName)
    {
        List<T> found = [];
        Visit("", (name, part) =>
        {
            if (part is T one)
            {
                setName(one, name);
                found.Add(one);
            }
        });
        return found;
    }

    private void SetContext(TrainingContext? context) => Visit("", (_, part) =>
    {
        if (part is Module module)
        {
            module.Context = context;
        }
    });

    private void Visit(string path, Action<string, object> visit) => Visit(path, this, visit, []);

    private static void Visit(string path, object? value, Action<string, object> visit, HashSet<object> seen)
    {
        switch (value)
        {
            case Parameter or StateTensor when seen.Add(value):
                visit(path, value);
                break;
            case Module module when seen.Add(value):
                visit(path, value);
                foreach ((string name, object? part) in module.Parts)
                {
                    Visit(Join(path, name), part, visit, seen);
                }

                break;
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary)
                {
                    Visit(Join(path, Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!), entry.Value, visit, seen);
                }

                break;
            case IEnumerable items when IsCollectionOfParts(value.GetType()):
                int index = 0;
                foreach (object? item in items)
                {
                    Visit(Join(path, $"{index++}"), item, visit, seen);
                }

                break;
        }
    }

    /// <summary>
    /// Arrays and generic collections whose elements may be modules, parameters or states; others, such as texts and numbers,
    /// aren't walked.
    /// </summary>
    private static bool IsCollectionOfParts(Type type) =>
        (type.IsArray ? [type.GetElementType()!] : type.GetGenericArguments())
        .Any(element => typeof(Module).IsAssignableFrom(element) || element == typeof(Parameter) || element == typeof(StateTensor)
            || element.IsAssignableFrom(typeof(Module)));

    /// <summary>The fields in declaration order, the base class's first.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "Bases up to Module are modules, whose fields are kept.")]
    private static IEnumerable<FieldInfo> Fields([DynamicallyAccessedMembers(Kept)] Type type) =>
        type == typeof(Module)
            ? []
            : Fields(type.BaseType!).Concat(type
                .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                .OrderBy(field => field.HasMetadataToken() ? field.MetadataToken : 0));

    /// <summary>A property's or captured constructor parameter's field is named after what the person wrote.</summary>
    private static string FieldName(FieldInfo field)
    {
        string name = field.Name;
        if (name.StartsWith('<'))
        {
            name = name[1..name.IndexOf('>', StringComparison.Ordinal)];
        }

        name = name.TrimStart('_');
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
