using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// An expression of a product's numbers and further arguments that a GPU computes as it stores them: in the product's own kernel,
/// closed over it, or in a map behind, where the numbers are stored in parts or by a library. What it gives is stored in single
/// precision, as pairs of bfloat16, or both.
/// </summary>
internal abstract class ProductEpilogue
{
    /// <summary>
    /// The most functions: they stand in the kernel once for each of a thread's numbers, so that the text grows with them.
    /// </summary>
    private const int LargestExpression = 8;

    private static readonly HashSet<Type> Functions =
        [typeof(AddFunction), typeof(SubtractFunction), typeof(MultiplyFunction), typeof(NegateFunction), typeof(
            SquareFunction), typeof(ReluFunction), typeof(StepFunction), typeof(StopGradientFunction), typeof(BFloat16Function)];

    private readonly FusedMap map;
    private readonly Shape target;
    private readonly Shape[] shapes;
    private readonly Region[] inputs;

    private protected ProductEpilogue(
        FusedMap map, Shape target, Shape[] shapes, Region[] inputs, Region? pairs, bool pairsAlone,
        Region? moments)
    {
        (this.map, this.target, this.shapes, this.inputs) = (map, target, shapes, inputs);
        (Pairs, StoresPairsAlone, Moments) = (pairs, pairsAlone, moments);
    }

    /// <summary>Where pairs of bfloat16 go; null for none.</summary>
    public Region? Pairs { get; }

    /// <summary>Whether only pairs are stored: the output is their memory.</summary>
    public bool StoresPairsAlone { get; }

    /// <summary>Where the moments go that are gathered of what is stored; null where none are.</summary>
    private protected Region? Moments { get; }

    /// <summary>Whether there is a kernel for an expression.</summary>
    /// <param name="expression">Of the product's number, argument 0, and of further ones.</param>
    /// <param name="target">The shape of what it gives.</param>
    /// <param name="others">The shapes of the further arguments.</param>
    public static bool Takes(Expression expression, Shape target, ReadOnlySpan<Shape> others)
    {
        bool reads = others.Length <= OtherArguments.Most && expression.Size is > 0 and <= LargestExpression
            && expression.AppliesOnly(Functions);
        foreach (Shape other in others)
        {
            reads &= ExpressionArgument.Reads(target, other);
        }

        return reads;
    }

    /// <summary>The epilogue, with its further arguments' memory, and that of <see cref="ProductMoments"/>.</summary>
    /// <param name="expression">Of the product's number, argument 0, and of further ones.</param>
    /// <param name="target">The shape of what it gives.</param>
    /// <param name="shapes">The shapes of the further arguments.</param>
    /// <param name="inputs">Their memory.</param>
    /// <param name="pairs">Where pairs of bfloat16 go; null for none.</param>
    /// <param name="pairsAlone">Whether nothing else is stored.</param>
    /// <param name="moments">Where moments go; null for none, and where there are pairs.</param>
    /// <exception cref="NotSupportedException">The program was compiled to native code.</exception>
    [UnconditionalSuppressMessage("Trimming", "IL2076", Justification = "Structs have a constructor without parameters.")]
    public static ProductEpilogue Create(
        Expression expression, Shape target, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region? pairs = null,
        bool pairsAlone = false, Region? moments = null)
    {
        // Pairs are rounded as they are stored; numbers beside them only where the expression says so.
        Expression made = pairsAlone ? expression.Without<BFloat16Function>() : expression;
        return RuntimeFeature.IsDynamicCodeSupported
            ? (ProductEpilogue)Activator.CreateInstance(
                typeof(ProductEpilogue<,>).MakeGenericType(made.ToType(), OtherArguments.Count(shapes)),
                new FusedMap(made, target), target, shapes.ToArray(), inputs.ToArray(), pairs, pairsAlone, moments)!
            : throw new NotSupportedException($"{expression}: a program that was compiled to native code runs on no GPU.");
    }

    /// <summary>Binds a product with the epilogue in its kernel.</summary>
    public abstract Launch Bind<TA, TB>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, TB sourceB, Region output, ProductTarget layout)
        where TA : struct, ITileSource
        where TB : struct, ITileSource;

    /// <summary>
    /// Binds the last transform of a convolution by Winograd with the epilogue, which is <see cref="InFours"/>, in its kernel.
    /// </summary>
    /// <inheritdoc cref="WinogradConvolutionGpu.BindSums"/>
    public abstract Launch BindSums<TSums>(
        GpuDevice device, Region sums, WinogradNumbers source, Region output, WinogradOutputs target, int tiles, int channels)
        where TSums : struct, IWinogradMap;

    /// <summary>Binds the epilogue as a map of numbers that are stored, in their place or in that of the pairs alone.</summary>
    public Launch Behind(GpuDevice device, Region numbers)
    {
        if (Moments is not null)
        {
            throw new InvalidOperationException("Moments are gathered by a product's own kernel alone.");
        }

        Shape[] read = [target, .. shapes];
        Region[] memory = [numbers, .. inputs];
        return Pairs is not { } pairs ? map.Bind(device, read, memory, numbers)
            : StoresPairsAlone ? new PairMap(map.Expression, target).Bind(device, read, memory, pairs)
            : new PairMap(map.Expression, target).Bind(device, read, memory, numbers, pairs);
    }

    /// <summary>The further arguments as a kernel reads them.</summary>
    private protected ExpressionArgument[] Arguments(Region output) => OtherArguments.Of(output, target, shapes, inputs);

    /// <summary>Whether each argument of more than one number starts on 16 bytes.</summary>
    public bool InFours => !inputs.Where((input, i) => shapes[i].Count > 1 && !Packs.InFours(0, input)).Any();

    /// <summary>Where results go, a float at a time where the arguments are not <see cref="InFours"/>.</summary>
    private protected ProductTarget Aligned(ProductTarget layout) => InFours ? layout : layout.InOnes();
}

/// <summary>The same, closed over the expression and the number of its further arguments.</summary>
internal sealed class ProductEpilogue<TExpression, TOthers>(
    FusedMap map, Shape target, Shape[] shapes, Region[] inputs, Region? pairs, bool pairsAlone, Region? moments)
    : ProductEpilogue(map, target, shapes, inputs, pairs, pairsAlone, moments)
    where TExpression : struct, IExpression
    where TOthers : struct, IArgumentCount
{
    /// <inheritdoc/>
    public override Launch Bind<TA, TB>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, TB sourceB, Region output, ProductTarget layout)
    {
        FusedTarget<TExpression, TOthers> target = new(Aligned(layout), Arguments(output));
        return Moments is { } moments ? BindTo(new MomentsTarget<FusedTarget<TExpression, TOthers>>(target, moments))
            : Pairs is not { } pairs ? BindTo(target)
            : StoresPairsAlone ? BindTo(new PairTarget<TExpression, TOthers, PairsAlone>(target, GpuDevice.View(pairs)))
            : BindTo(new PairTarget<TExpression, TOthers, PairsBesideNumbers>(target, GpuDevice.View(pairs)));

        Launch BindTo<TTarget>(TTarget to)
            where TTarget : struct, IProductTarget =>
            Product.BindTo(device, precision, a, sourceA, b, sourceB, output, to);
    }

    /// <inheritdoc/>
    public override Launch BindSums<TSums>(
        GpuDevice device, Region sums, WinogradNumbers source, Region output, WinogradOutputs target, int tiles, int channels) =>
        WinogradConvolutionGpu.BindSums<TSums, WinogradFusedOutputs<TExpression, TOthers>>(
            device, sums, source, output, new(target, Arguments(output)), tiles, channels);
}
