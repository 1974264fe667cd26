using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>The first step of a reduction of an expression's values on a GPU, which are never in memory.</summary>
internal abstract class ComputedReduce
{
    /// <summary>A reduction's, with its inputs' memory.</summary>
    /// <exception cref="NotSupportedException">The program was compiled to native code.</exception>
    [UnconditionalSuppressMessage("Trimming", "IL2076", Justification = "Structs have a constructor without parameters.")]
    public static ComputedReduce Create(FusedReduce reduce, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs) =>
        RuntimeFeature.IsDynamicCodeSupported
            ? (ComputedReduce)Activator.CreateInstance(
                typeof(ComputedReduce<,>).MakeGenericType(reduce.Expression.ToType(), OtherArguments.Count(inputs.Length - 1)),
                reduce, shapes.ToArray(), inputs.ToArray())!
            : throw new NotSupportedException($"{reduce.Name}: a program that was compiled to native code runs on no GPU.");

    /// <summary>Adds the step's launches.</summary>
    public abstract void Add<TReduction>(
        GpuDevice device, Region output, long outer, long rows, long inner, LaunchParts parts)
        where TReduction : struct, IReduction;
}

/// <summary>The same, closed over the expression and the number of its arguments beside the first.</summary>
internal sealed class ComputedReduce<TExpression, TOthers>(FusedReduce reduce, Shape[] shapes, Region[] inputs) : ComputedReduce
    where TExpression : struct, IExpression
    where TOthers : struct, IArgumentCount
{
    /// <inheritdoc/>
    public override void Add<TReduction>(
        GpuDevice device, Region output, long outer, long rows, long inner, LaunchParts parts) =>
        ReduceGpu.Add<TReduction, TExpression, TOthers>(
            device, reduce.Name, inputs, reduce.Source, shapes, output, outer, rows, inner, parts);
}
