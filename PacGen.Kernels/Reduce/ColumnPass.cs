using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// One pass of a GPU over the rows of a tensor (…, C), in one launch: it sums one expression or two along all axes but the last,
/// reading each argument once, and computes maps of the sums, a number a column, such as all that batch normalisation makes of
/// its statistics.
/// </summary>
/// <remarks>
/// The order of summation depends on the shape and on the size of a group, as that of <see cref="Reduce"/> does, but is another.
/// </remarks>
/// <param name="Kind">What is made of the rows.</param>
/// <param name="Source">The shape that is passed over.</param>
/// <param name="First">e₀, of the first inputs: each of the whole shape, with a number a column, or one number.</param>
/// <param name="Second">e₁, of the same inputs; null where <paramref name="Kind"/> has none.</param>
/// <param name="Maps">What is computed of the sums; each has a result.</param>
public sealed record ColumnPass(
    ColumnPassKind Kind, Shape Source, Expression First, Expression? Second, ImmutableArray<ColumnMap> Maps)
{
    /// <summary>The most maps behind the sums.</summary>
    public const int MostMaps = 8;

    /// <summary>The most functions: they stand in the kernel a dozen times.</summary>
    private const int LargestExpression = 16;

    /// <summary>How many of the inputs the sums read.</summary>
    public int Arguments => Math.Max(First.Arity, Second?.Arity ?? 0) + (Kind == ColumnPassKind.GatheredMoments ? 1 : 0);

    /// <summary>How many results there are: one to three as <see cref="Kind"/> says, and those of the maps.</summary>
    public int Results => Maps.Length + Kind switch
    {
        ColumnPassKind.Sum => 1,
        ColumnPassKind.StoredPairedSum => 3,
        _ => 2,
    };

    /// <summary>How many results, the first ones, have e₀ for each number that is passed over.</summary>
    public int Stored => Kind switch
    {
        ColumnPassKind.StoredSum or ColumnPassKind.PairedSum => 1,
        ColumnPassKind.StoredPairedSum => 2,
        _ => 0,
    };

    private bool StoresPairs => Kind is ColumnPassKind.PairedSum or ColumnPassKind.StoredPairedSum;

    /// <summary>Whether a reduction sums along all axes but the last, so that it can be a pass's.</summary>
    /// <param name="reduce">The reduction.</param>
    public static bool Takes(FusedReduce reduce)
    {
        ArgumentNullException.ThrowIfNull(reduce);
        return reduce.Reduction.Kind == ReduceKind.Sum && reduce.Source.Rank > 0 && reduce.Source[-1] % Quad.Count == 0
            && reduce.Reduction.Steps(reduce.Source) is [(1, > 1, var columns)] && columns == reduce.Source[-1];
    }

    /// <summary>
    /// Whether e₀ is a product's result, argument 0, or that and a number a column, argument 1, which moves the mean alone, so
    /// that gathered moments of the result will do.
    /// </summary>
    /// <param name="first">e₀.</param>
    public static bool TakesGathered(Expression first)
    {
        ArgumentNullException.ThrowIfNull(first);
        return first.Equals(Expression.Argument(0)) || first.Equals(Expression.Binary<AddFunction>());
    }

    /// <summary>Whether a GPU can read inputs of some shapes as the sums' arguments.</summary>
    /// <param name="inputs">The shapes.</param>
    public bool CanRead(ReadOnlySpan<Shape> inputs)
    {
        if (Kind == ColumnPassKind.GatheredMoments)
        {
            return RuntimeFeature.IsDynamicCodeSupported && Source.Count <= int.MaxValue / 2 && inputs.Length == Arguments
                && TakesGathered(First) && inputs[0].Count == Source.Count && inputs[^1] == ProductMoments.PartsOf(Source)
                && (inputs.Length == 2 || inputs[1].Count == 1 || inputs[1].Count == Source[-1]);
        }

        bool reads = RuntimeFeature.IsDynamicCodeSupported && inputs.Length <= Expression.MaxArguments
            && First.Size + (Second?.Size ?? 0) <= LargestExpression && Source.Count <= int.MaxValue / 2
            && (!StoresPairs || PairMap.Takes(Source));
        bool whole = false;
        foreach (Shape input in inputs)
        {
            reads &= ExpressionArgument.Reads(Source, input);
            whole |= input.Count == Source.Count;
        }

        return reads && whole;
    }

    /// <summary>The kernel, bound to memory.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shapes">The inputs' shapes: those of the sums' arguments, and behind them what the maps read besides.</param>
    /// <param name="inputs">Their memory.</param>
    /// <param name="results">The memory of the results: what <see cref="Kind"/> says, then the maps'.</param>
    /// <returns>The launch; who asked for it disposes of it.</returns>
    /// <exception cref="NotSupportedException">An input can't be read, or the program was compiled to native code.</exception>
    /// <exception cref="ArgumentException">There are not as many regions as tensors.</exception>
    public Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, ReadOnlySpan<Region> results)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (shapes.Length != inputs.Length || inputs.Length < Arguments || results.Length != Results)
        {
            throw new ArgumentException(
                $"A pass of {Arguments} arguments and {Results} results is bound to {shapes.Length} shapes, {inputs.Length} " +
                    $"inputs and {results.Length} results.");
        }

        if (!CanRead(shapes[..Arguments]))
        {
            throw new NotSupportedException($"{device.Name} can't sum {First} over rows of {Source} in one pass.");
        }

        return Create(device, shapes.ToArray(), inputs.ToArray(), results.ToArray());
    }

    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "Structs have a constructor without parameters.")]
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "The constructors are those that are called here.")]
    [UnconditionalSuppressMessage("Trimming", "IL2076", Justification = "Structs have a constructor without parameters.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "CanRead says no where the program was compiled.")]
    private Launch Create(GpuDevice device, Shape[] shapes, Region[] inputs, Region[] results)
    {
        Type first = First.ToType(), count = ColumnArguments.Count(Arguments);
        Type source = Kind switch
        {
            ColumnPassKind.Sum => typeof(ColumnSum<,>).MakeGenericType(first, count),
            ColumnPassKind.Sums => typeof(ColumnSums<,,>).MakeGenericType(first, Second!.ToType(), count),
            ColumnPassKind.Moments => typeof(ColumnMoments<,>).MakeGenericType(first, count),
            ColumnPassKind.GatheredMoments => typeof(GatheredMoments),
            ColumnPassKind.StoredSum => typeof(StoredColumnSum<,>).MakeGenericType(first, count),
            ColumnPassKind.PairedSum => typeof(PairedColumnSum<,,>).MakeGenericType(first, count, typeof(PairsAlone)),
            ColumnPassKind.StoredPairedSum => typeof(PairedColumnSum<,,>).MakeGenericType(
                first, count, typeof(PairsBesideNumbers)),
            _ => throw new InvalidOperationException($"A pass over columns: there is no kind {Kind}."),
        };
        ColumnArguments arguments = new(Source, shapes.AsSpan(0, Arguments), inputs.AsSpan(0, Arguments));
        ColumnArgument stored = new(results[0], Source, Source);
        object values = Kind == ColumnPassKind.GatheredMoments
            ? new GatheredMoments(
                new ColumnArgument(inputs[0], Source, Source), new ColumnArgument(inputs[1], Source, shapes[1]), Arguments == 3,
                new ColumnArgument(inputs[Arguments - 1], shapes[Arguments - 1], shapes[Arguments - 1]),
                (int)shapes[Arguments - 1].Count / (2 * Quad.Count))
            : StoresPairs
            ? Activator.CreateInstance(source, arguments, stored, new ColumnArgument(results[Stored - 1], Source, Source))!
            : Stored > 0 ? Activator.CreateInstance(source, arguments, stored)! : Activator.CreateInstance(source, arguments)!;

        Region[] all = [.. inputs, .. results];
        int own = results.Length - Maps.Length;
        object maps = default(NoColumnMaps);
        for (int i = Maps.Length - 1; i >= 0; i--)
        {
            Region[] operands = [.. Maps[i].Operands.Select(operand => all[operand])];
            maps = Activator.CreateInstance(
                typeof(ColumnMaps<,>).MakeGenericType(Maps[i].Expression.ToType(), maps.GetType()),
                new ColumnMapMemory(operands, results[own + i]), maps)!;
        }

        Region[] sums = Stored > 0 || Kind == ColumnPassKind.Sum ? [results[Stored], results[Stored]] : results[..2];
        return (Launch)Activator.CreateInstance(
            typeof(ColumnPassGpu<,>).MakeGenericType(source, maps.GetType()),
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.DoNotWrapExceptions, null,
            [device, Source, values, maps, sums], null)!;
    }
}
