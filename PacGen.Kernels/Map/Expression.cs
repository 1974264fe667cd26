using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

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

    /// <summary>Its loops on the CPU, where its type was known at compile time; null for one that was composed.</summary>
    internal MapLoops? Loops { get; private init; }

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
    /// <param name="index">Which input, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is not in [0, <see cref="MaxArguments"/>).</exception>
    public static Expression Argument(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, MaxArguments);
        return new Expression(null, [], index) { Loops = index == 0 ? new MapLoops<Argument0>() : null };
    }

    /// <summary>A unary function of argument 0.</summary>
    public static Expression Unary<TFunction>()
        where TFunction : struct, IUnaryFunction => new(typeof(TFunction), [Argument(0)], -1)
        {
            Loops = new MapLoops<Apply<TFunction, Argument0>>(),
        };

    /// <summary>A binary function of arguments 0 and 1.</summary>
    public static Expression Binary<TFunction>()
        where TFunction : struct, IBinaryFunction => new(typeof(TFunction), [Argument(0), Argument(1)], -1)
        {
            Loops = new MapLoops<Apply<TFunction, Argument0, Argument1>>(),
        };

    /// <summary>The same, whose type was known at compile time.</summary>
    internal Expression Known<TExpression>()
        where TExpression : struct, IExpression => new(function, operands, argument) { Loops = new MapLoops<TExpression>() };

    /// <summary>The same expression with each argument i replaced by <paramref name="replacements"/>[i].</summary>
    /// <param name="replacements">An expression for each argument.</param>
    public Expression Substitute(IReadOnlyList<Expression> replacements) =>
        function is null
            ? replacements[argument]
            : new Expression(function, [.. operands.Select(operand => operand.Substitute(replacements))], -1);

    /// <summary>The one function that the expression applies to its arguments in order, or null where it is composed.</summary>
    public Type? Function => Size == 1 && operands.Select((operand, i) => operand.argument == i).All(inOrder => inOrder)
        ? function : null;

    /// <summary>What a unary function is applied to last; the expression where another is.</summary>
    internal Expression Without<TFunction>()
        where TFunction : struct, IUnaryFunction => function == typeof(TFunction) ? operands[0] : this;

    /// <summary>Whether all functions that the expression applies are among some.</summary>
    /// <param name="functions">The functions' types.</param>
    public bool AppliesOnly(IReadOnlySet<Type> functions)
    {
        ArgumentNullException.ThrowIfNull(functions);
        return function is null || (functions.Contains(function) && operands.All(operand => operand.AppliesOnly(functions)));
    }

    /// <summary>The type that computes the expression.</summary>
    /// <exception cref="NotSupportedException">The program was compiled to native code, and can close no types.</exception>
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "Apply asks of its arguments only what struct says.")]
    public Type ToType()
    {
        if (function is null)
        {
            return ArgumentTypes[argument];
        }

        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            throw new NotSupportedException(
                $"{this} is composed at run time, which a program that was compiled to native code can't do: apply one " +
                    "function at a time, or publish without PublishAot.");
        }

        Type apply = operands.Length == 1 ? typeof(Apply<,>) : typeof(Apply<,,>);
        return apply.MakeGenericType([function, .. operands.Select(operand => operand.ToType())]);
    }

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
