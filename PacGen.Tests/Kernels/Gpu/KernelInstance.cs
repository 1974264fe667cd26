using System.Reflection;
using PacGen.Core.Optimization;
using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>A GPU kernel closed over the types that some model or measure uses.</summary>
/// <param name="Name">Its name for people.</param>
/// <param name="Method">The kernel.</param>
/// <param name="IsWide">Whether it reads all its memory 16 bytes at a time, but at ends.</param>
/// <param name="WritesWide">Whether it writes 16 bytes at a time, but at ends.</param>
/// <param name="Fewest">The bytes of an element's or a parameter's inputs and outputs; 0 for products.</param>
/// <param name="Asked">The bytes that the kernel loads and stores for it, where the number of instructions doesn't say.</param>
/// <param name="Element">Of what element, where it is not plain.</param>
/// <param name="Loads">The load instructions that <paramref name="Asked"/> was worked out for, of any width; null where they
/// don't matter.</param>
/// <param name="Stores">The store instructions.</param>
internal sealed record KernelInstance(
    string Name, MethodInfo Method, bool IsWide, bool WritesWide, double Fewest = 0, double? Asked = null, string Element = "",
    int? Loads = null, int? Stores = null)
{
    private static readonly char[] Digits = [.. "0123456789"];
    private static readonly Type[] Tiles = [typeof(Tile128), typeof(Tile64), typeof(Tile128By32)];
    private static readonly Type[] TensorTiles = [typeof(Pipeline128), typeof(Tile128By32)];
    private static readonly (string Name, Type Sums, Type? Factors)[] Sums =
        [("", typeof(SingleSums<HalvesOfATile>), null), ("TF32 ", typeof(TensorSums<Tf32Factors>), typeof(Tf32Factors)),
            ("bf16 ", typeof(TensorSums<BFloat16Factors>), typeof(BFloat16Factors))];

    /// <summary>How many packs of four a thread has in flight: the instructions for each stand in the kernel's text.</summary>
    public int InFlight => IsReduction(Method) ? 2 : 1;

    /// <summary>The kernels that work element by element.</summary>
    public static IReadOnlyList<KernelInstance> Elementwise =>
    [
        Of("map x + y", MapGpu<Apply<AddFunction, Argument0, Argument1>>.Quads, 12),
        Of("map relu(x + y)", MapGpu<Apply<ReluFunction, Apply<AddFunction, Argument0, Argument1>>>.Quads, 12),
        Of(
            "map x · sigmoid(y) · log(z)",
            MapGpu<Apply<MultiplyFunction, Apply<SigmoidFunction, Apply<AddFunction, Argument0, Argument1>>,
                Apply<LogFunction, Argument2>>>.Quads,
            16),
        Of("perturb, uniform", RandomMapGpu<Perturbed<UniformNoise>, PerturbSettings, StepPerturbation>.Kernel, 16),
        Of("perturb, truncated Gaussian",
            RandomMapGpu<Perturbed<TruncatedGaussianNoise>, PerturbSettings, StepPerturbation>.Kernel, 16),
        Of("perturb, Gaussian", RandomMapGpu<Perturbed<GaussianNoise>, PerturbSettings, StepPerturbation>.Kernel, 16),
        Of("noise, uniform, one level",
            RandomMapGpu<NoiseOfOneLevel<UniformNoise>, NoiseSettings, OwnSettings<NoiseSettings>>.Kernel, 8),
        Of("noise, truncated Gaussian, own levels",
            RandomMapGpu<NoiseOfOwnLevels<TruncatedGaussianNoise>, NoiseSettings, OwnSettings<NoiseSettings>>.Kernel, 12),
        Of("noise, Gaussian, one level",
            RandomMapGpu<NoiseOfOneLevel<GaussianNoise>, NoiseSettings, OwnSettings<NoiseSettings>>.Kernel, 8),
        Of("update, SGD", UpdateGpu<SgdRule, NoStates, WithoutSecondMoment>.Kernel, 12),
        Of("update, SGD, h", UpdateGpu<SgdRule, NoStates, WithSecondMoment>.Kernel, 20),
        Of("update, momentum, h", UpdateGpu<MomentumRule, OneState, WithSecondMoment>.Kernel, 28),
        Of("update, Nesterov, h", UpdateGpu<NesterovRule, OneState, WithSecondMoment>.Kernel, 28),
        Of("update, Adam", UpdateGpu<AdamRule, TwoStates, WithoutSecondMoment>.Kernel, 28),
        Of("update, Adam, h", UpdateGpu<AdamRule, TwoStates, WithSecondMoment>.Kernel, 36),
        Of("update, AdamW", UpdateGpu<AdamWRule, TwoStates, WithoutSecondMoment>.Kernel, 28),
        Of("update, IVON", UpdateGpu<IvonRule, ThreeStates, WithoutSecondMoment>.Kernel, 36),
        Of("Ψ", SumGpu<PsiTerm, PsiSettings, WarpFold>.Kernel, 8),
        Of("‖x‖²", SumGpu<SquareTerm, NoSettings, WarpFold>.Kernel, 4),
        Of("the curvature's change", SumGpu<RhoTerm, RhoSettings, WarpFold>.Kernel, 12),
        Of("Lemma 6's sums", SumGpu<UniformBoundTerm, UniformBoundSettings, WarpFold>.Kernel, 8),
        Of("Lemma 8's sums", SumGpu<GaussianBoundTerm, GaussianBoundSettings, WarpFold>.Kernel, 8),
    ];

    /// <summary>
    /// The other primitives. Bytes are those of a convolutional network's usual case, which the last column names: a kernel's
    /// loops load as often as its windows and rows are long. Max pooling reads a window's first pixel twice.
    /// </summary>
    public static IReadOnlyList<KernelInstance> Primitives =>
    [
        Of("sum", PacGen.Kernels.ReduceGpu<Addition, One, InMemory<One>>.Kernel, false, false, 4, 4, "of the input", 4, 2),
        Of("sum, in fours", PacGen.Kernels.ReduceGpu<Addition, Quad, InMemory<Quad>>.Kernel, true, true, 4, 4,
            "of the input; batch norm's means too", 4, 2),
        Of("maximum", PacGen.Kernels.ReduceGpu<PacGen.Kernels.Maximum, One, InMemory<One>>.Kernel, false, false, 4, 4,
            "of the input", 4, 2),
        Of("maximum, in fours", PacGen.Kernels.ReduceGpu<PacGen.Kernels.Maximum, Quad, InMemory<Quad>>.Kernel, true, true, 4, 4,
            "of the input", 4, 2),
        Of("softmax", SoftmaxGpu<Probabilities>.Kernel, false, false, 8, 16, "read for the maximum, the sum and the result", 3,
            1),
        Of("softmax cross-entropy", SoftmaxGpu<Losses>.Kernel, false, false, 4 + (8 / 10.0), 4 + (0.9 * 4) + (12 / 10.0),
            "10 classes; read for the maximum and the sum", 4, 1),
        Of("softmax cross-entropy's gradient", SoftmaxGpu<LossGradients>.Kernel, false, false, 8 + (4 / 10.0),
            8 + (0.9 * 8) + (8 / 10.0), "10 classes; read for the maximum, the sum and the result", 5, 1),
        Of("average pooling", AveragePoolGpu<One>.Pool, false, false, 5, 5, "of the input, windows of 2 × 2", 2, 1),
        Of("average pooling, in fours", AveragePoolGpu<Quad>.Pool, true, true, 5, 5, "of the input, windows of 2 × 2", 2, 1),
        Of("average pooling's gradient", AveragePoolGpu<One>.Gradient, false, false, 5, 8, "of the output, windows of 2 × 2", 1,
            1),
        Of("average pooling's gradient, in fours", AveragePoolGpu<Quad>.Gradient, true, true, 5, 8,
            "of the output, windows of 2 × 2", 1, 1),
        Of("max pooling", PoolSelectGpu<One>.Kernel, false, false, 5, 6, "of the input, windows of 2 × 2", 4, 1),
        Of("max pooling, in fours", PoolSelectGpu<Quad>.Kernel, true, true, 5, 6, "of the input, windows of 2 × 2", 4, 1),
        Of("max pooling's gradient", PoolScatterGpu<One>.Put, false, false, 9, 10, "of the images, windows of 2 × 2", 3, 1),
        Of("max pooling's gradient, in fours", PoolScatterGpu<Quad>.Put, true, true, 9, 10, "of the images, windows of 2 × 2", 3,
            1),
        Of("overlapping max pooling's places", PoolScatterGpu<One>.Find, false, false, 5, 11,
            "of the images, windows of 3 × 3 at a stride of 2", 2, 1),
        Of("overlapping max pooling's places, in fours", PoolScatterGpu<Quad>.Find, true, true, 5, 11,
            "of the images, windows of 3 × 3 at a stride of 2", 2, 1),
        Of("overlapping max pooling's gradient", PoolScatterGpu<One>.Gather, false, false, 6, 4 + (9 / 4.0 * 8),
            "of the images, windows of 3 × 3 at a stride of 2", 2, 1),
        Of("overlapping max pooling's gradient, in fours", PoolScatterGpu<Quad>.Gather, true, true, 6, 4 + (9 / 4.0 * 8),
            "of the images, windows of 3 × 3 at a stride of 2", 2, 1),
        Of("gather", GatherColumnGpu.Kernel, false, false, 12, 12, "a row's one", 2, 1),
        Of("scatter", ScatterColumnGpu<One>.Kernel, false, false, 4 + (8 / 10.0), 12, "of the output, 10 columns", 2, 1),
        Of("scatter, in fours", ScatterColumnGpu<Quad>.Kernel, false, true, 4 + (8 / 100.0), 6, "of the output, 100 columns", 2,
            1),
        Of("gather rows", GatherRowsGpu.Kernel, false, false, 8 + (4 / 64.0), 12, "rows of 64", 2, 1),
        Of("scatter rows", ScatterRowsGpu.Kernel, false, false, 0, 0, "looks through the indices for each 32 rows"),
        Of("products of small matrices", BatchMatMulGpu.Kernel, false, false, 0, 0, "from the caches"),
        Of("strided copy", StridedCopyGpu.Kernel, false, false, 8, 8, "", 1, 1),
        Of("zeros", ClearGpu.Kernel, false, false, 4, 4, "", 0, 1),
        Of("depthwise convolution", DepthwiseGpu<One>.Kernel, false, false, 8, 76, "3 × 3 taps; most from the caches", 2, 1),
        Of("depthwise convolution, in fours", DepthwiseGpu<Quad>.Kernel, true, true, 8, 76,
            "3 × 3 taps; most from the caches", 2, 1),
        Of("depthwise convolution by weights", DepthwiseWeightGpu.Kernel, false, false, 8, 72,
            "of the images, 3 × 3 taps; most from the caches", 2, 1),
        Of("random numbers", RandomUniformGpu.Kernel, false, true, 4, 4, "", 1, 5),
        Of("a step's loss", StepLedger.ObserveKernel, false, false, 20, 20, "a step; one thread"),
        Of("a step's judgement", StepLedger.CheckKernel, false, false, 4, 4, "a block's sum; one group"),
        Of("a step's end", StepLedger.CloseKernel, false, false, 4, 4, "a block's sum; one group"),
        Of("what a step keeps", StepLedger.KeepKernel, false, false, 8, 8, "a running statistic"),
        Of("transpose", TransposeGpu.Kernel, false, false, 8, 8, "through shared memory: both sides coalesced", 1, 1),
    ];

    /// <summary>
    /// Products that compute an expression as they store, those of convolutional networks and of linear layers, with 16 bytes on
    /// both sides.
    /// </summary>
    public static IEnumerable<KernelInstance> FusedProducts
    {
        get
        {
            (string Product, Type Expression)[] cases =
            [
                ("A·B", typeof(Apply<ReluFunction, Apply<AddFunction, Argument0, Argument1>>)),
                ("convolution", typeof(Apply<AddFunction, Argument0, Argument1>)),
                ("convolution", typeof(Apply<AddFunction, Apply<AddFunction, Argument0, Argument1>, Argument2>)),
                ("convolution", typeof(
                    Apply<ReluFunction, Apply<AddFunction, Apply<MultiplyFunction, Argument0, Argument1>, Argument2>>)),
                ("convolution by images", typeof(Apply<MultiplyFunction, Argument0, Apply<StepFunction, Argument1>>)),
            ];
            KernelInstance Fused(KernelInstance product, Type expression) => KernelInstance.Fused(
                product, expression, typeof(FusedTarget<,>).MakeGenericType(expression, Others(expression)), "");
            Dictionary<string, KernelInstance> products = Products.Concat(InPairs).ToDictionary(product => product.Name);
            (KernelInstance Product, Type Expression)[] storing =
            [
                (products["bf16 A·B, 128, Wide Wide"], cases[0].Expression),
                (products["staged bf16 in memory, A·B, 128 × 96, InPairs"], cases[0].Expression),
                (products["staged bf16 in memory, convolution by images, 128 × 96, InPairs"], cases[^1].Expression),
            ];
            return
            [
                .. from sums in Sums
                   from tile in sums.Factors is null ? Tiles : TensorTiles
                   from one in cases
                   select Fused(products[$"{sums.Name}{one.Product}, {Extents(tile)}, Wide Wide"], one.Expression),
                .. from product in InPairs
                   where product.Name.Contains("128 × 96", StringComparison.Ordinal)
                   from one in cases
                   where product.Name.Contains($", {one.Product},", StringComparison.Ordinal)
                   select Fused(product, one.Expression),
                .. from product in (string[])
                       ["A·B, 64, Wide Wide", "TF32 A·B, 128, Wide Wide", "staged bf16 in memory, A·B, 128 × 96, InPairs"]
                   select KernelInstance.Fused(
                       products[product], typeof(Apply<MultiplyFunction, Argument0, Argument1>),
                       typeof(FusedTarget<Apply<MultiplyFunction, Argument0, Argument1>, AnotherNumber<NoArgument>>),
                       ", x1 one number"),
                .. from one in storing
                   from stored in (Type[])[typeof(PairsAlone), typeof(PairsBesideNumbers)]
                   select KernelInstance.Fused(
                       one.Product, one.Expression,
                       typeof(PairTarget<,,>).MakeGenericType(one.Expression, Others(one.Expression), stored),
                       stored == typeof(PairsAlone) ? ", as pairs" : ", as numbers and pairs"),
            ];
        }
    }

    /// <summary>Convolutions that gather moments as they store, in each default tile and some of the staged ones.</summary>
    public static IEnumerable<KernelInstance> GatheringProducts
    {
        get
        {
            Type sum = typeof(Apply<AddFunction, Argument0, Argument1>);
            string[] staged = ["128 × 96", "128", "256 × 64", "64"];
            return
            [
                .. from product in Products.Where(product => product.Name.Contains("Wide Wide", StringComparison.Ordinal)).Concat(
                       StagedProducts.Where(product => staged.Any(tile => product.Name.Contains(
                           $", {tile}, ", StringComparison.Ordinal))))
                   where product.Name.Contains("convolution, ", StringComparison.Ordinal)
                       && product.Name != "convolution, 128, Wide Wide"
                       && !product.Name.Contains("Narrow", StringComparison.Ordinal)
                   from expression in (Type[])[typeof(Argument0), sum]
                   select Gathering(Fused(
                       product, expression, typeof(FusedTarget<,>).MakeGenericType(expression, Others(expression)), "")),
            ];
        }
    }

    /// <summary>Whether a kernel is a product's that gathers moments.</summary>
    public static bool GathersMoments(MethodInfo kernel) =>
        kernel.DeclaringType is { IsGenericType: true } type && type.GenericTypeArguments[^1] is { IsGenericType: true } target
            && target.GetGenericTypeDefinition() == typeof(MomentsTarget<>);

    /// <summary>Whether a kernel is a product's with an expression.</summary>
    public static bool IsFusedProduct(MethodInfo kernel) =>
        kernel.DeclaringType is { IsGenericType: true } type && type.GenericTypeArguments[^1] is { IsGenericType: true } target
            && (target.GetGenericTypeDefinition() == typeof(FusedTarget<,>) || StoresPairs(kernel));

    /// <summary>Whether a kernel is a product's that stores pairs of bfloat16.</summary>
    public static bool StoresPairs(MethodInfo kernel) =>
        kernel.DeclaringType is { IsGenericType: true } type && type.GenericTypeArguments[^1] is { IsGenericType: true } target
            && target.GetGenericTypeDefinition() == typeof(PairTarget<,,>);

    /// <summary>The matrix product's four cases and the convolution's three passes, with every tile and width.</summary>
    public static IEnumerable<KernelInstance> Products
    {
        get
        {
            foreach ((string factorsName, Type sums, Type? factors) in Sums)
            {
                foreach (Type tile in factors is null ? Tiles : TensorTiles)
                {
                    foreach (Type a in (Type[])[typeof(Wide), typeof(Narrow)])
                    {
                        foreach (Type b in (Type[])[typeof(Wide), typeof(Narrow)])
                        {
                            yield return Product("A·B", Matrix(typeof(AlongTerms), a), Matrix(typeof(AlongOuter), b));
                            yield return Product("Aᵀ·B", Matrix(typeof(AlongOuter), a), Matrix(typeof(AlongOuter), b));
                            yield return Product("A·Bᵀ", Matrix(typeof(AlongTerms), a), Matrix(typeof(AlongTerms), b));
                            yield return Product("Aᵀ·Bᵀ", Matrix(typeof(AlongOuter), a), Matrix(typeof(AlongTerms), b));
                            yield return Product("convolution", Windows(typeof(AlongTerms), a), Matrix(typeof(AlongOuter), b));
                            yield return Product(
                                "convolution by images", Windows(typeof(AlongTerms), a),
                                typeof(TurnedWeightSource<>).MakeGenericType(b));
                            yield return Product(
                                "convolution by weights", Windows(typeof(AlongOuter), a), Matrix(typeof(AlongOuter), b));

                            KernelInstance Product(string name, Type sourceA, Type sourceB) => new(
                                $"{factorsName}{name}, {Extents(tile)}, {a.Name} {b.Name}",
                                (MethodInfo)(tile == typeof(Pipeline128)
                                    ? typeof(ProductPipeline<,,,,>).MakeGenericType(
                                        sourceA, sourceB, tile, factors!, typeof(ProductTarget))
                                    : typeof(ProductGpu<,,,,>).MakeGenericType(
                                        sourceA, sourceB, tile, sums, typeof(ProductTarget))).GetProperty(
                                    "Method")!.GetValue(null)!,
                                tile != typeof(Pipeline128) && a == typeof(Wide) && b == typeof(Wide),
                                tile != typeof(Pipeline128));
                        }
                    }
                }
            }

            foreach (KernelInstance kernel in LongSums)
            {
                yield return kernel;
            }

            yield return new("sum of a product's parts, in fours", SplitSumGpu<Quad>.Method, true, true);
            yield return new("sum of a product's parts", SplitSumGpu<One>.Method, false, false);
        }
    }

    // Long sums of few outputs in every precision, width and way to read.
    private static IEnumerable<KernelInstance> LongSums =>
    [
        .. from columns in (Type[])[typeof(LongSums16), typeof(LongSums32)]
           from kind in ((string Name, Type Sums)[])
               [("", typeof(SingleLongSums<>).MakeGenericType(columns)),
                   ("TF32 ", typeof(TensorLongSums<,>).MakeGenericType(typeof(Tf32StageFactors), columns)),
                   ("bf16 ", typeof(TensorLongSums<,>).MakeGenericType(typeof(BFloat16Factors), columns))]
           from a in (Type[])[typeof(Wide), typeof(Narrow)]
           from b in (Type[])[typeof(Wide), typeof(Narrow)]
           from kernel in Long(kind.Name, columns, kind.Sums, a, b)
           select kernel,
        .. from columns in (Type[])[typeof(LongSums16), typeof(LongSums32)]
           from kernel in Long(
               "bf16 in memory, ", columns, typeof(PairLongSums<>).MakeGenericType(columns), typeof(PacGen.Kernels.InPairs),
               typeof(PacGen.Kernels.InPairs))
           select kernel,
    ];

    private static IEnumerable<KernelInstance> Long(string kind, Type columns, Type sums, Type a, Type b) =>
        from side in ((string Name, Type Source)[])
            [("Aᵀ·B", Matrix(typeof(AlongOuter), a)), ("convolution by weights", Windows(typeof(AlongOuter), a))]
        select new KernelInstance(
            $"long sums, {kind}{side.Name}, 32 × {Extents(columns)}, {a.Name} {b.Name}",
            (MethodInfo)typeof(LongSums<,,,>).MakeGenericType(
                side.Source, Matrix(typeof(AlongOuter), b), sums, typeof(ProductTarget)).GetProperty("Method")!.GetValue(null)!,
            false, a != typeof(PacGen.Kernels.InPairs));

    /// <summary>
    /// Staged products: every tile with the convolution, one with all products, and what reads single floats.
    /// </summary>
    public static IEnumerable<KernelInstance> StagedProducts
    {
        get
        {
            (string Name, Type Sums)[] kinds =
                [("", typeof(SingleStageSums)), ("TF32 ", typeof(TensorStageSums<Tf32StageFactors>)),
                    ("bf16 ", typeof(TensorStageSums<BFloat16Factors>))];
            Type one = typeof(Staged128By96);
            return
            [
                .. from kind in kinds
                   from choice in StagedChoice.All
                   select Staged(kind, choice.Tile, typeof(Wide), Sides(typeof(Wide)).First(
                       side => side.Name == "convolution")),
                .. from kind in kinds
                   from sides in Sides(typeof(Wide)).Where(side => side.Name != "convolution")
                   select Staged(kind, one, typeof(Wide), sides),
                .. from sides in Sides(typeof(Narrow)) select Staged(kinds[0], one, typeof(Narrow), sides),
                .. OfFewColumns,
                .. InPairs,
            ];
        }
    }

    /// <summary>Those that products of up to 16 columns have by default.</summary>
    public static IEnumerable<KernelInstance> OfFewColumns =>
        from b in (Type[])[typeof(Wide), typeof(Narrow)]
        from sides in Sides(typeof(Wide)).Zip(Sides(b), (wide, other) => (wide.Name, wide.A, other.B))
        where sides.A.GenericTypeArguments[0] == typeof(AlongTerms)
        select Staged(("", typeof(SingleStageSums)), typeof(Staged128By16), typeof(Wide), sides) with
        {
            Name = $"staged {sides.Name}, 128 × 16, Wide {b.Name}",
        };

    /// <summary>Those of bfloat16 in memory.</summary>
    public static IEnumerable<KernelInstance> InPairs
    {
        get
        {
            (string Name, Type Sums) kind = ("bf16 in memory, ", typeof(TensorStageSums<BFloat16Pairs>));
            return
            [
                .. from choice in StagedChoice.All
                   select Staged(kind, choice.Tile, typeof(PacGen.Kernels.InPairs), Sides(typeof(PacGen.Kernels.InPairs)).First(
                       side => side.Name == "convolution")),
                .. from sides in Sides(typeof(PacGen.Kernels.InPairs)).Where(side => side.Name != "convolution")
                   select Staged(kind, typeof(Staged128By96), typeof(PacGen.Kernels.InPairs), sides),
            ];
        }
    }

    /// <summary>Whether a kernel is a product's of bfloat16 in memory.</summary>
    public static bool IsInPairs(MethodInfo kernel) => kernel.DeclaringType is { IsGenericType: true } type
        && type.GetGenericTypeDefinition() == typeof(StagedProduct<,,,,>)
        && type.GenericTypeArguments[3] == typeof(TensorStageSums<BFloat16Pairs>);

    private static KernelInstance Staged(
        (string Name, Type Sums) kind, Type tile, Type width, (string Name, Type A, Type B) sides) => new(
        $"staged {kind.Name}{sides.Name}, {Extents(tile)}, {width.Name}",
        (MethodInfo)typeof(StagedProduct<,,,,>).MakeGenericType(
            sides.A, sides.B, tile, kind.Sums, typeof(ProductTarget)).GetProperty("Method")!.GetValue(null)!,
        false, width != typeof(PacGen.Kernels.InPairs));

    private static IEnumerable<(string Name, Type A, Type B)> Sides(Type width) =>
    [
        ("A·B", Matrix(typeof(AlongTerms), width), Matrix(typeof(AlongOuter), width)),
        ("Aᵀ·B", Matrix(typeof(AlongOuter), width), Matrix(typeof(AlongOuter), width)),
        ("A·Bᵀ", Matrix(typeof(AlongTerms), width), Matrix(typeof(AlongTerms), width)),
        ("Aᵀ·Bᵀ", Matrix(typeof(AlongOuter), width), Matrix(typeof(AlongTerms), width)),
        ("convolution", Windows(typeof(AlongTerms), width), Matrix(typeof(AlongOuter), width)),
        ("convolution by images", Windows(typeof(AlongTerms), width), typeof(TurnedWeightSource<>).MakeGenericType(width)),
        ("convolution by weights", Windows(typeof(AlongOuter), width), Matrix(typeof(AlongOuter), width)),
    ];

    public override string ToString() => Name;

    /// <summary>
    /// The maps that the models' graphs are fused into, by what training, evaluation and perturbation bind on a GPU: an MLP, the
    /// network of the MNIST example, a Wide-ResNet, and one with the other layers.
    /// </summary>
    public static IReadOnlyList<KernelInstance> Maps() =>
    [
        .. ModelKernels.Bound().Where(IsMap)
            .Select(kernel => (Kernel: kernel, Name: MapName(kernel.DeclaringType!.GenericTypeArguments[0]))).OrderBy(
            map => map.Kernel.Name + map.Name, StringComparer.Ordinal)
            .Select(map => new KernelInstance(
                $"{map.Name}, {Walk(map.Kernel.Name)}",
                map.Kernel, map.Kernel.Name.EndsWith("Quads", StringComparison.Ordinal),
                map.Kernel.Name.EndsWith("Quads", StringComparison.Ordinal),
                4 * (1 + Arguments(map.Kernel.DeclaringType!.GenericTypeArguments[0]).Distinct().Count()))),
    ];

    /// <summary>The maps that store bfloat16, of the same models.</summary>
    public static IReadOnlyList<KernelInstance> PairMaps() =>
    [
        .. ModelKernels.Bound().Where(IsPairMap).Select(kernel => new KernelInstance(
            $"{MapName(kernel.DeclaringType!.GenericTypeArguments[0])}, {Walk(kernel.Name)}"
                + (kernel.DeclaringType.GenericTypeArguments[1] == typeof(PairsAlone) ? "" : ", in single precision too"),
            kernel, kernel.Name.EndsWith("Quads", StringComparison.Ordinal), false)).OrderBy(
            kernel => kernel.Name, StringComparer.Ordinal),
    ];

    /// <summary>Whether a kernel is that of a map which stores bfloat16.</summary>
    public static bool IsPairMap(MethodInfo kernel) => kernel.DeclaringType is { IsGenericType: true } type
        && type.GetGenericTypeDefinition() == typeof(PairMapGpu<,>);

    /// <summary>The reductions in fours that compute what they reduce, of the same models.</summary>
    public static IReadOnlyList<KernelInstance> Reductions() =>
    [
        .. ModelKernels.Bound().Where(kernel => Source(kernel) == typeof(ComputedQuads<,>)).Select(kernel => new KernelInstance(
            $"{Reduced(kernel.DeclaringType!)}, in fours", kernel, true, true)).OrderBy(
            kernel => kernel.Name, StringComparer.Ordinal),
    ];

    /// <summary>Whether a kernel is a reduction's that computes what it reduces.</summary>
    public static bool IsReductionOfAMap(MethodInfo kernel) =>
        Source(kernel) is { } source && (source == typeof(ComputedQuads<,>) || source == typeof(ComputedOnes<,>));

    /// <summary>The passes over columns of the same models.</summary>
    public static IReadOnlyList<KernelInstance> Passes() =>
    [
        .. ModelKernels.Bound().Where(IsPass).Select(
            kernel => new KernelInstance(PassName(kernel.DeclaringType!), kernel, true, true)).OrderBy(
            kernel => kernel.Name, StringComparer.Ordinal),
    ];

    /// <summary>Whether a kernel is a pass over columns.</summary>
    public static bool IsPass(MethodInfo kernel) => kernel.DeclaringType is { IsGenericType: true } type
        && type.GetGenericTypeDefinition() == typeof(ColumnPassGpu<,>);

    private static string PassName(Type kernel)
    {
        Type source = kernel.GenericTypeArguments[0], kind = source.IsGenericType ? source.GetGenericTypeDefinition() : source;
        string[] values =
            [.. source.GenericTypeArguments.Where(one => typeof(IExpression).IsAssignableFrom(one)).Select(MapName)];
        int maps = 0;
        for (Type next = kernel.GenericTypeArguments[1]; next.IsGenericType; next = next.GenericTypeArguments[1])
        {
            maps++;
        }

        return (kind == typeof(ColumnMoments<,>) ? "sum and squares about the mean of "
            : kind == typeof(GatheredMoments) ? "sum and squares about the mean of gathered moments"
            : kind == typeof(StoredColumnSum<,>) ? "stored and summed: "
            : kind == typeof(PairedColumnSum<,,>) ? "stored in bf16 and summed: " : "sum of ") + string.Join(" and of ", values)
            + (maps > 0 ? $"; {(maps == 1 ? "a map" : $"{maps} maps")} of them" : "");
    }

    // What a reduction reads.
    private static Type? Source(MethodInfo kernel) => kernel.DeclaringType is { IsGenericType: true } type
        && type.GetGenericTypeDefinition() == typeof(PacGen.Kernels.ReduceGpu<,,>)
        ? type.GenericTypeArguments[2].GetGenericTypeDefinition() : null;

    private static string Reduced(Type kernel) => (kernel.GenericTypeArguments[0] == typeof(Addition) ? "sum of " : "maximum of ")
        + MapName(kernel.GenericTypeArguments[2].GenericTypeArguments[0]);

    /// <summary>Whether a kernel is an elementwise expression's.</summary>
    public static bool IsMap(MethodInfo kernel) => kernel.DeclaringType is { IsGenericType: true } type
        && type.GetGenericTypeDefinition() == typeof(MapGpu<>);

    private static KernelInstance Of(string name, Delegate kernel, int bytes) =>
        new(name, kernel.Method, true, !IsReduction(kernel.Method), bytes);

    private static KernelInstance Of(
        string name, Delegate kernel, bool isWide, bool writesWide, double fewest, double asked, string element,
        int? loads = null, int? stores = null) =>
        new(name, kernel.Method, isWide, writesWide, fewest, asked, element, loads, stores);

    private static bool IsReduction(MethodInfo kernel) => kernel.DeclaringType is { IsGenericType: true } type
        && type.GetGenericTypeDefinition() == typeof(SumGpu<,,>);

    private static string Walk(string kernel) =>
        (kernel.StartsWith("Strided", StringComparison.Ordinal) ? "along several axes" : "along one axis")
            + (kernel.EndsWith("Quads", StringComparison.Ordinal) ? ", in fours" : "");

    private static string MapName(Type expression)
    {
        if (!expression.IsGenericType)
        {
            return $"x{expression.Name[^1]}";
        }

        string function = expression.GenericTypeArguments[0].Name.Replace("Function", "", StringComparison.Ordinal)
            .ToLowerInvariant();
        return $"{function}({string.Join(", ", expression.GenericTypeArguments[1..].Select(MapName))})";
    }

    private static IEnumerable<string> Arguments(Type expression) =>
        expression.IsGenericType ? expression.GenericTypeArguments[1..].SelectMany(Arguments) : [expression.Name];

    private static Type Others(Type expression) => OtherArguments.Count(Arguments(expression).Distinct().Count() - 1);

    private static KernelInstance Fused(KernelInstance product, Type expression, Type target, string note)
    {
        Type type = product.Method.DeclaringType!;
        Type fused = type.GetGenericTypeDefinition().MakeGenericType([.. type.GenericTypeArguments[..^1], target]);
        return product with
        {
            Name = $"{product.Name}: {MapName(expression)}{note}",
            Method = (MethodInfo)fused.GetProperty("Method")!.GetValue(null)!,
        };
    }

    private static KernelInstance Gathering(KernelInstance product)
    {
        Type type = product.Method.DeclaringType!;
        Type[] arguments = [.. type.GenericTypeArguments[..^1], typeof(MomentsTarget<>).MakeGenericType(
            type.GenericTypeArguments[^1])];
        if (arguments[3] == typeof(SingleSums<HalvesOfATile>))
        {
            arguments[3] = typeof(SingleSums<RowsOfAWarp>);
        }

        Type gathering = type.GetGenericTypeDefinition().MakeGenericType(arguments);
        return product with { Method = (MethodInfo)gathering.GetProperty("Method")!.GetValue(null)! };
    }

    private static string Extents(Type tile) =>
        tile.Name[tile.Name.IndexOfAny(Digits)..].Replace("By", " × ", StringComparison.Ordinal);

    private static Type Matrix(Type order, Type width) => typeof(MatrixSource<,>).MakeGenericType(order, width);

    private static Type Windows(Type order, Type width) => typeof(WindowSource<,>).MakeGenericType(order, width);
}
