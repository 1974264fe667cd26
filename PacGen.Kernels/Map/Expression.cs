namespace PacGen.Kernels;

/// <summary>
/// The run-time description of an <see cref="IExpression"/>: what the graph compiler composes and closes into a type.
/// </summary>
public sealed class Expression : IEquatable<Expression>
{
    /// <summary>The most arguments that one expression can take.</summary>
    public const int MaxArguments = 8;

    private static readonly Type[] ArgumentTypes =
    [
        typeof(Argument0), typeof(Argument1), typeof(Argument2), typeof(Argument3),
        typeof(Argument4), typeof(Argument5), typeof(Argument6), typeof(Argument7),
    ];

    private readonly Type? function;
    private readonly Expression[] operands;
    private readonly int argument;

    private Expression(Type? function, Expression[] operands, int argument)
    {
        this.function = function;
        this.operands = operands;
        this.argument = argument;
    }

    /// <summary>How many arguments the expression takes: the largest that it names, plus one.</summary>
    public int Arity => function is null ? argument + 1 : operands.Max(operand => operand.Arity);

    /// <summary>How many functions the expression applies.</summary>
    public int Size => function is null ? 0 : 1 + operands.Sum(operand => operand.Size);

    /// <summary>The expression that is argument <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not in [0, <see cref="MaxArguments"/>).</exception>
    public static Expression Argument(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, MaxArguments);
        return new Expression(null, [], index);
    }

    /// <summary>A unary function of argument 0.</summary>
    public static Expression Unary<TFunction>()
        where TFunction : struct, IUnaryFunction => new(typeof(TFunction), [Argument(0)], -1);

    /// <summary>A binary function of arguments 0 and 1.</summary>
    public static Expression Binary<TFunction>()
        where TFunction : struct, IBinaryFunction => new(typeof(TFunction), [Argument(0), Argument(1)], -1);

    /// <summary>The same expression with each argument i replaced by <paramref name="replacements"/>[i].</summary>
    public Expression Substitute(IReadOnlyList<Expression> replacements) =>
        function is null
            ? replacements[argument]
            : new Expression(function, [.. operands.Select(operand => operand.Substitute(replacements))], -1);

    /// <summary>The one function that the expression applies to its arguments in order, or null where it is composed.</summary>
    public Type? Function => Size == 1 && operands.Select((operand, i) => operand.argument == i).All(inOrder => inOrder)
        ? function : null;

    /// <summary>Whether all functions that the expression applies are among some.</summary>
    public bool AppliesOnly(IReadOnlySet<Type> functions)
    {
        ArgumentNullException.ThrowIfNull(functions);
        return function is null || (functions.Contains(function) && operands.All(operand => operand.AppliesOnly(functions)));
    }

    /// <summary>The type that computes the expression.</summary>
    public Type ToType() => function is null
        ? ArgumentTypes[argument]
        : (operands.Length == 1 ? typeof(Apply<,>) : typeof(Apply<,,>)).MakeGenericType(
            [function, .. operands.Select(operand => operand.ToType())]);

    /// <inheritdoc/>
    public bool Equals(Expression? other) =>
        other is not null && function == other.function && argument == other.argument
            && operands.AsSpan().SequenceEqual(other.operands);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Expression);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(function);
        hash.Add(argument);
        foreach (Expression operand in operands)
        {
            hash.Add(operand);
        }

        return hash.ToHashCode();
    }

    /// <summary>
    /// The outermost function's name without the suffix of its kind, such as <c>Multiply</c>; null for an argument.
    /// </summary>
    public string? FunctionName => function?.Name is { } name && name.EndsWith("Function", StringComparison.Ordinal) ? name[..^8]
        : function?.Name;

    /// <summary>Multiply(x0, Step(x1))</summary>
    public override string ToString() =>
        function is null ? $"x{argument}"
            : $"{FunctionName}({string.Join(", ", operands.Select(operand => operand.ToString()))})";
}
