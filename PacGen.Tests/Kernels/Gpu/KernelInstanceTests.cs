using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Each kernel that models and measures use, compiled for NVIDIA GPUs without one: nothing in local memory, 16-byte loads, and
/// only instructions that round as the CPU does.
/// </summary>
internal sealed partial class KernelInstanceTests
{
    private const string Tf32Product = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32",
        BFloat16Product = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32",
        BFloat16ProductOfEight = "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32";

    private static readonly string[] Architectures = ["sm_80", "sm_90"];

    private static IEnumerable<KernelInstance> All =>
        [.. KernelInstance.Elementwise, .. KernelInstance.Primitives, .. KernelInstance.Products,
            .. KernelInstance.StagedProducts, .. WinogradKernels.All, .. Fused];

    // Of products with an expression two of each tile, of one and of two further arguments; the page has them all.
    private static IEnumerable<KernelInstance> Fused => KernelInstance.FusedProducts.Where(
        kernel => KernelInstance.StoresPairs(kernel.Method)
            || kernel.Name.EndsWith(": multiply(x0, step(x1))", StringComparison.Ordinal)
            || kernel.Name.EndsWith(": add(add(x0, x1), x2)", StringComparison.Ordinal)
            || kernel.Name.EndsWith("one number", StringComparison.Ordinal));

    [TestCaseSource(nameof(All))]
    public void KeepsToRegistersAndLoadsQuads(KernelInstance kernel) => Check(kernel);

    [Test]
    public void ModelsBindTheseKernelsAndMaps()
    {
        HashSet<MethodInfo> known = [.. All.Select(kernel => kernel.Method)];
        IReadOnlyList<MethodInfo> bound = ModelKernels.Bound();
        Assert.That(
            bound.Where(kernel => !known.Contains(kernel) && !KernelInstance.IsMap(kernel)
                && !KernelInstance.IsFusedProduct(kernel) && !KernelInstance.IsReductionOfAMap(kernel)
                && !KernelInstance.IsPass(kernel) && !KernelInstance.IsPairMap(kernel)
                    && !KernelInstance.IsInPairs(kernel) && !KernelInstance.GathersMoments(kernel)).Select(
                kernel => $"{kernel.DeclaringType}.{kernel.Name}"),
            Is.Empty);
        Assert.That(bound.Where(KernelInstance.IsFusedProduct), Is.Not.Empty);
        Assert.That(KernelInstance.Reductions(), Is.Not.Empty);
        Assert.That(KernelInstance.Passes(), Is.Not.Empty);
        Assert.That(KernelInstance.PairMaps(), Is.Not.Empty);
        foreach (KernelInstance map in KernelInstance.Maps().Concat(KernelInstance.PairMaps()).Concat(
            KernelInstance.Reductions()).Concat(KernelInstance.Passes()))
        {
            Check(map);
        }
    }

    [TestCaseSource(typeof(KernelInstance), nameof(KernelInstance.GatheringProducts))]
    public void GathersMomentsInRegisters(KernelInstance kernel)
    {
        string ptx = Body(kernel);
        Type tile = kernel.Method.DeclaringType!.GenericTypeArguments[2];
        int sixteens = typeof(IStagedTile).IsAssignableFrom(tile) ? (int)tile.GetProperty("Width")!.GetValue(null)!
            : tile == typeof(Pipeline128) ? 4 : 2;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => CudaEmulator.PtxModule.Parse(PtxListing.Of(kernel.Method)), Throws.Nothing, "can be emulated");
            Assert.That(ptx, Does.Not.Contain(".local").And.Not.Contain("call"));
            Assert.That(ptx, Does.Not.Contain(".approx").And.Not.Contain(".ftz"));
            Assert.That(Unrounded().Matches(ptx), Is.Empty, "arithmetic that the assembler may fuse");

            // Of eight columns the first row's numbers, and sums and squares of four, two and one; of an odd sixteen's other four
            // columns the first numbers are known to be zeros where nothing is added.
            bool plain = kernel.Name.EndsWith(": x0", StringComparison.Ordinal);
            Assert.That(
                Count(ptx, "shfl.sync"),
                Is.EqualTo(((sixteens + 1) / 2 * (8 + (2 * (4 + 2 + 1)))) - (plain && sixteens % 2 != 0 ? 4 : 0)),
                "numbers that lanes exchange");
            Assert.That(Count(ptx, "ld.global"), plain
                && !kernel.Method.DeclaringType.Name.StartsWith("ProductGpu", StringComparison.Ordinal) ? Is.Zero : Is.Positive);
        }
    }

    [Test]
    public void SpillsNothing([ValueSource(nameof(Architectures))] string architecture)
    {
        if (PtxAssembler.Path is null)
        {
            Assert.Ignore("There is no ptxas on the path, and PACGEN_PTXAS names none.");
        }

        using (Assert.EnterMultipleScope())
        {
            foreach (KernelInstance kernel in All.Concat(KernelInstance.FusedProducts).Concat(
                KernelInstance.GatheringProducts).Concat(KernelInstance.Maps()).Concat(KernelInstance.PairMaps()).Concat(
                KernelInstance.Reductions()).Concat(KernelInstance.Passes()))
            {
                AssembledKernel assembled = PtxAssembler.Assemble(PtxListing.Of(kernel.Method), architecture);
                Assert.That(assembled.Spills, Is.Zero, kernel.Name);
                Assert.That(assembled.Stack, Is.Zero, kernel.Name);
                Assert.That(assembled.Shared, Is.LessThanOrEqualTo(48 << 10), kernel.Name);
            }
        }
    }

    [Test]
    [Explicit("Writes docs/results/gpu-kernels.md; `dotnet cake --target=GpuKernels` runs it.")]
    public void WritesThePage()
    {
        Assert.That(PtxAssembler.Path, Is.Not.Null, "ptxas is needed: put it on the path, or name it in PACGEN_PTXAS.");
        StringBuilder page = new();
        page.AppendLine(
            """
            # GPU kernels, as the assembler reports them

            Written by `dotnet cake --target=GpuKernels` from the PTX that ILGPU makes for compute capability 8.0, assembled by
            NVIDIA's `ptxas` for sm_80 and sm_90. It says what they ask of a GPU, not how
            fast they are. Columns: registers of a thread, bytes spilt, bytes of stack, bytes of static shared memory; instructions
            that load from and store to global memory, 16 bytes + 4 bytes (elementwise kernels have single ones for a region's last
            elements and for regions that don't start on 16 bytes). Every kernel that four models bind in training with perturbed Adam,
            in evaluation and for batch norm's statistics stands here, with those of the other rules, noises and measures; a test fails
            when these models bind another, when one uses local memory, and when one loses its 16-byte loads. The bytes asked for by
            primitives are known from their source, not counted.

            ## Elementwise kernels

            The last column: bytes moved by a parameter or an element / the fewest that its inputs and outputs take.

            | kernel | registers sm_80, sm_90 | spills | stack | shared | loads | stores | bytes / fewest |
            | --- | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in KernelInstance.Elementwise)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"| {Row(kernel)} | {Moved(kernel)} / {kernel.Fewest} |");
        }

        page.AppendLine(
            """

            ## Maps of the models

            What the graphs of an MLP, the network of the MNIST example, a Wide-ResNet and one with the other layers are fused into:
            training with perturbed Adam, evaluation and batch norm's statistics. Along several axes some argument is stretched, such as
            a bias or a channel's mean, and comes mostly from the caches: in fours where the innermost axis is a multiple of four long, else a
            float at a time. The fewest bytes are then at most those reported, which count each argument in full.

            | map | registers sm_80, sm_90 | spills | stack | shared | loads | stores | bytes / fewest |
            | --- | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in KernelInstance.Maps())
        {
            string body = Body(kernel);
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {Row(kernel)} | " +
                    $"{(kernel.IsWide ? Moved(kernel) : 4 * (Count(body, "ld.global.f32") + Count(body, "st.global.f32")))} / " +
                    $"{(kernel.IsWide ? "" : "≤ ")}{kernel.Fewest} |");
        }

        page.AppendLine(
            """

            ## Maps that store bfloat16

            Of the Wide-ResNet in bf16: what products multiply is stored as pairs of numbers, 8 bytes of a thread's four, beside
            them in single precision where others read that. None has run on a GPU; `PACGEN_GPU_BF16_MEMORY=0` does without.

            | map | registers sm_80, sm_90 | spills | stack | shared | loads | stores |
            | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in KernelInstance.PairMaps())
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"| {Row(kernel)} |");
        }

        page.AppendLine(
            """

            ## Reductions, softmax, pooling, and what moves elements

            Bytes asked for / the fewest, of one element of what the last column says. What is asked for more than once comes from the
            first-level cache where a thread or its neighbours have just read it, as in softmax and pooling.

            | kernel | registers sm_80, sm_90 | spills | stack | shared | loads | stores | bytes / fewest | an element |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in KernelInstance.Primitives)
        {
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {Row(kernel)} | {kernel.Asked:0.##} / {kernel.Fewest:0.##} | {kernel.Element} |");
        }

        page.AppendLine(
            """

            ## Reductions that compute what they reduce

            Of the same models, what passes over columns (below) don't take: the kernel is closed over the map's
            expression, whose values are never in memory. Each argument of the whole shape is loaded once, 16 bytes at a time, four
            places of the sum in flight; the 4-byte loads are those of single numbers. `PACGEN_GPU_FUSION=0` does without.

            | kernel | registers sm_80, sm_90 | spills | stack | shared | loads | stores |
            | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in KernelInstance.Reductions())
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"| {Row(kernel)} |");
        }

        page.AppendLine(
            """

            ## Passes over columns

            What sums along all axes but the last, with all that belongs to it, in one launch
            ([ColumnPass](../../PacGen.Kernels/Reduce/ColumnPass.cs)): two sums of the same numbers, mean and variance, a map that is stored
            as it is summed, and maps of the sums, a number a column. `PACGEN_GPU_PASSES=0` does without. None has run on a GPU.

            | kernel | registers sm_80, sm_90 | spills | stack | shared | loads | stores |
            | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in KernelInstance.Passes())
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"| {Row(kernel)} |");
        }

        page.AppendLine(
            """

            ## Products

            The matrix product and the three passes of a convolution are kernels closed over how each side is read and how it multiplies; a name
            says the tile and the widths at which A and B are read (`Wide`: 16 bytes, lines of a multiple of 4 floats; `Narrow`: single floats).
            The rows are those with 16 bytes on both sides. In single precision, and in TF32 for at most 32 columns, the next tile's numbers are
            loaded while the present one is multiplied; a tile's eight terms are 512 fused multiply-adds a thread on 32 16-byte loads from shared
            memory, in TF32 16 `mma.sync` of 16 × 8 × 8 a warp on 6. Else in TF32 stages of sixteen terms come by `cp.async`, which the columns of
            loads don't count, and are 64 `mma.sync` a warp, on 8 to 16 `ldmatrix` where memory runs along terms. In bf16 the same numbers are
            read from the same stages, rounded by pairs, and multiplied by half as many `mma.sync`, of
            16 × 8 × 16 (of at most 32 columns by as many as in TF32, of 16 × 8 × 8). On one H200 those of single precision and TF32
            multiply matrices of n = 4096 and 8192 at 42 TFLOP/s in single precision and 159 to 166 in TF32 (those before them at 30.5 and 45),
            and do 3 × 3 convolutions of 48 to 640 channels at 21 to 36 and 27 to 118.
            At 128 registers a thread of the 128 × 128 tile spills a few bytes with the assembler of CUDA 11.8; the others spill nothing.
            Long sums are few outputs, at most 32 columns, of sides along whose outer index memory runs, as in a gradient by few weights: each
            of a group's two warps has 32 rows and terms of its own, copied by `cp.async` in stages of sixteen, in pairs of bf16 of 32. In
            single precision products of up to 16 columns are staged ones with a tile of 128 × 16, where A's memory runs along terms.

            | kernel | registers sm_80, sm_90 | spills | stack | shared | loads | stores |
            | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in KernelInstance.Products.Concat(KernelInstance.OfFewColumns).Where(
            kernel => !kernel.Name.Contains("Narrow", StringComparison.Ordinal)))
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"| {Row(kernel)} |");
        }

        page.AppendLine(
            """

            ## Products of bfloat16 in memory

            Both sides lie in memory as pairs of bf16 numbers and come by `cp.async`, 16 bytes at a time, into stages of 32 terms, which take as
            many bytes as sixteen in single precision. `ldmatrix`, transposing where memory does not run along terms, gives whole fragments:
            10 to 16 a warp and stage for 16 to 64 `mma.sync` of 16 × 8 × 16, and no conversion. Results are stored 8 bytes at a time. None has
            run on a GPU; `PACGEN_GPU_BF16_MEMORY=0` does without.

            | kernel | registers sm_80, sm_90 | spills | stack | shared | loads | stores |
            | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in KernelInstance.InPairs)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"| {Row(kernel)} |");
        }

        page.AppendLine(
            """

            ## Products that compute an expression as they store

            A bias, batch norm's scale and shift, a ReLU or the mask of its gradient, a residual: where a map alone reads a product, the
            product's kernel is closed over the map's expression (x0 is the product's number) and the map is gone. Its arguments come 16 bytes
            at a time, in tiles of four warps and stages 8 bytes, as these store, and up to 32 of a thread's before their results are stored;
            the 4-byte loads are those of lines that are no multiple of four. Before arguments were loaded together they ran on an H200;
            `PACGEN_GPU_FUSION=0` does without. What products in bf16 alone read is stored as pairs, 4 bytes at a time, what
            others read too both ways; none of these has run on a GPU.

            | kernel | registers sm_80, sm_90 | spills | stack | shared | loads | stores |
            | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in KernelInstance.FusedProducts)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"| {Row(kernel)} |");
        }

        page.AppendLine(
            """

            ## Convolutions that gather moments as they store

            For the batch norm behind them ([WarpMoments](../../PacGen.Kernels/MatMul/WarpMoments.cs)): of what is stored, x0 or an
            expression of it. None has run on a GPU; they are used with `PACGEN_GPU_MOMENTS=1` alone.

            | kernel | registers sm_80, sm_90 | spills | stack | shared | loads | stores |
            | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in KernelInstance.GatheringProducts)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"| {Row(kernel)} |");
        }

        page.AppendLine(
            """

            ## Transforms of Winograd's convolutions

            A thread maps a tile of four channels, or the weights of four, with all of its numbers in registers. The products between are those
            above. None has run on a GPU; the default is without them (`--convolutions`).

            | kernel | registers sm_80, sm_90 | spills | stack | shared | loads | stores |
            | --- | --- | --- | --- | --- | --- | --- |
            """);
        foreach (KernelInstance kernel in WinogradKernels.All)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"| {Row(kernel)} |");
        }

        page.AppendLine(
            """

            ## Bytes that products load

            What the groups ask of the caches, in MB, against the fewest: each input read once and the output written once. An input that
            is asked for several times mostly comes from the second-level cache; a convolution's windows overlap.

            | product | tile | asked for | fewest | flops a byte asked for |
            | --- | --- | --- | --- | --- |
            """);
        foreach ((string name, int rows, int columns, int terms, int tileRows, int tileColumns, long images) in Examples)
        {
            long down = (rows + tileRows - 1) / tileRows, across = (columns + tileColumns - 1) / tileColumns;
            double asked = 4.0 * (((double)rows * terms * across) + ((double)terms * columns * down) + ((double)rows * columns));
            double fewest = 4.0 * (images + ((double)terms * columns) + ((double)rows * columns));
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {name} | {tileRows} × {tileColumns} | {asked / 1e6:F1} | {fewest / 1e6:F1} | " +
                    $"{2.0 * rows * columns * terms / asked:F1} |");
        }

        File.WriteAllText(Path.Combine(HouseTests.Root, "docs", "results", "gpu-kernels.md"), page.ToString());
    }

    // Rows, columns, terms, the tile that Product chooses, and the numbers of A in memory.
    private static IEnumerable<(
        string Name, int Rows, int Columns, int Terms, int TileRows, int TileColumns, long Images)> Examples =>
    [
        ("4096 × 4096 × 4096", 4096, 4096, 4096, 128, 128, 4096L * 4096),
        ("mnist-cnn, second convolution, batch 128", 128 * 64, 20, 250, 128, 32, 128L * 12 * 12 * 10),
        ("WRN-16-1, 3 × 3, 16 to 16 channels, 32 × 32, batch 128", 128 * 1024, 16, 144, 128, 32, 128L * 1024 * 16),
        ("WRN-16-1, 3 × 3, 64 to 64 channels, 8 × 8, batch 128", 128 * 64, 64, 576, 64, 64, 128L * 64 * 64),
        ("WRN-58-3, 3 × 3, 192 to 192 channels, 8 × 8, batch 128", 128 * 64, 192, 1728, 64, 64, 128L * 64 * 192),
    ];

    private static void Check(KernelInstance kernel)
    {
        string ptx = Body(kernel), type = kernel.Method.DeclaringType!.Name;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => CudaEmulator.PtxModule.Parse(PtxListing.Of(kernel.Method)), Throws.Nothing, "can be emulated");
            Assert.That(ptx, Does.Not.Contain(".local"), kernel.Name);
            Assert.That(ptx, Does.Not.Contain("call"), kernel.Name);
            Assert.That(ptx, Does.Not.Contain(".approx").And.Not.Contain(".ftz"), kernel.Name);
            Assert.That(Unrounded().Matches(ptx), Is.Empty, $"{kernel.Name}: arithmetic that the assembler may fuse");
            if (kernel.IsWide)
            {
                Assert.That(Count(ptx, "ld.global.v4.f32"), Is.Positive, $"{kernel.Name}: 16-byte loads");
            }

            if (kernel.WritesWide)
            {
                Assert.That(Count(ptx, "st.global.v4.f32"), Is.Positive, $"{kernel.Name}: 16-byte stores");
            }

            if (kernel.Loads is not null)
            {
                int loads = Count(ptx, "ld.global.v4.f32") + Count(ptx, "ld.global.f32"), stores = Count(
                    ptx, "st.global.v4.f32") + Count(ptx, "st.global.f32");
                Assert.That(
                    (loads, stores), Is.EqualTo((kernel.Loads, kernel.Stores)),
                    $"{kernel.Name}: loads and stores; work out its bytes anew");
            }

            if (kernel is { IsWide: true, Fewest: > 0, Asked: null })
            {
                Assert.That(Moved(kernel), Is.EqualTo(kernel.Fewest), $"{kernel.Name}: bytes of an element");
            }

            if (type.StartsWith("ProductPipeline", StringComparison.Ordinal))
            {
                bool narrow = kernel.Name.Contains("Narrow", StringComparison.Ordinal);
                bool halves = kernel.Method.DeclaringType.GenericTypeArguments[3] == typeof(BFloat16Factors);
                Assert.That(
                    (Count(ptx, Tf32Product), Count(ptx, BFloat16Product)), Is.EqualTo(halves ? (0, 32) : (2 * 32, 0)),
                    "a stage's sixteen terms of a warp");
                Assert.That(
                    Count(ptx, "cvt.rn.bf16x2.f32"),
                    Is.EqualTo((halves ? 16 + 16 : 0) + (KernelInstance.StoresPairs(kernel.Method) ? 64 : 0)),
                    "pairs of numbers, rounded once each");
                Assert.That(
                    Count(ptx, "cp.async.cg.shared.global"),
                    kernel.Name.Contains("Wide", StringComparison.Ordinal) ? Is.Positive : Is.Zero, "copies of 16 bytes");
                Assert.That(Count(ptx, "cp.async.ca.shared.global"), narrow ? Is.Positive : Is.Zero, "copies of 4 bytes");
                Assert.That(
                    Count(ptx, "ld.global"), KernelInstance.IsFusedProduct(kernel.Method) ? Is.Positive : Is.Zero,
                    "loads that wait");
            }

            if (type.StartsWith("LongSums", StringComparison.Ordinal))
            {
                Type sums = kernel.Method.DeclaringType.GenericTypeArguments[2];
                int sixteens = (int)sums.GetProperty("Columns")!.GetValue(null)! / 16;
                bool single = sums.GetGenericTypeDefinition() == typeof(SingleLongSums<>);
                bool pairs = sums.GetGenericTypeDefinition() == typeof(PairLongSums<>);
                bool halves = sums.GenericTypeArguments[0] == typeof(BFloat16Factors), tf32 = !(single | pairs | halves);
                Assert.That(
                    Count(ptx, "fma.rn.f32"), Is.EqualTo(single ? 16 * 16 * sixteens : 0), "a stage's sixteen terms");
                Assert.That(
                    (Count(ptx, Tf32Product), Count(ptx, BFloat16Product)),
                    Is.EqualTo((tf32 ? 2 * 4 * sixteens : 0, pairs ? 2 * 4 * sixteens : halves ? 4 * sixteens : 0)),
                    "a stage's sixteen terms of a warp, or 32 in pairs");
                Assert.That(Count(ptx, "ldmatrix"), Is.EqualTo(pairs ? 2 * (2 + sixteens) : 0), "fragments at a time");
                Assert.That(
                    Count(ptx, "cvt.rn.bf16x2.f32"), Is.EqualTo(halves ? 8 + (4 * sixteens) : 0), "pairs, rounded once each");
                Assert.That(
                    Count(ptx, "ld.shared.v4.f32"),
                    Is.EqualTo((single ? 16 * (1 + sixteens) : pairs ? 0 : sixteens > 1 ? 8 : 4) + (4 * sixteens)),
                    "16-byte loads of the stage and of the other warp's sums");
                Assert.That(
                    (Count(ptx, "cp.async.cg.shared.global") > 0, Count(ptx, "cp.async.ca.shared.global") > 0),
                    Is.EqualTo(
                        (pairs || kernel.Name.Contains("Wide", StringComparison.Ordinal),
                            kernel.Name.Contains("Narrow", StringComparison.Ordinal))), "copies of 16 bytes, or of 4");
                Assert.That(Count(ptx, "ld.global"), Is.Zero, "loads that wait");
            }

            if (KernelInstance.IsFusedProduct(kernel.Method))
            {
                // Of a thread's 64 or 128 numbers, the loads of 32 arguments stand together, before a result is stored.
                int numbers = type.StartsWith("ProductGpu", StringComparison.Ordinal) ? 64 : 128;
                int arguments = kernel.Name.Contains("x2", StringComparison.Ordinal) ? 2 : 1;
                Assert.That(
                    StoresBeforeLoads().Count(ptx), Is.LessThanOrEqualTo(numbers * arguments / 32), "loads that wait for stores");
            }

            if (type.StartsWith("StagedProduct", StringComparison.Ordinal))
            {
                Type[] arguments = kernel.Method.DeclaringType.GenericTypeArguments;
                int sixteens = (int)arguments[2].GetProperty("Width")!.GetValue(null)!;
                bool single = arguments[3] == typeof(SingleStageSums), pairs = KernelInstance.IsInPairs(kernel.Method);
                bool halves = arguments[3] == typeof(TensorStageSums<BFloat16Factors>);
                bool narrow = kernel.Name.EndsWith("Narrow", StringComparison.Ordinal);
                bool wide = !kernel.Name.EndsWith(", Narrow", StringComparison.Ordinal);
                Assert.That(Count(ptx, "fma.rn.f32"), Is.EqualTo(single ? 16 * 32 * sixteens : 0), "a stage's sixteen terms");
                Assert.That(
                    (Count(ptx, Tf32Product), Count(ptx, BFloat16Product)),
                    Is.EqualTo(single ? (0, 0) : pairs ? (0, 2 * 8 * sixteens) : halves ? (0, 8 * sixteens)
                        : (2 * 8 * sixteens, 0)),
                    "a stage's sixteen terms of a warp, or 32 in pairs");
                Assert.That(
                    Count(ptx, "ldmatrix"), pairs ? Is.EqualTo(2 * (4 + sixteens)) : Is.LessThanOrEqualTo(2 * (4 + sixteens)),
                    "fragments at a time");
                Assert.That(
                    Count(ptx, "cvt.rn.bf16x2.f32"),
                    Is.EqualTo((halves ? 16 + (4 * sixteens) : 0)
                        + (KernelInstance.StoresPairs(kernel.Method) ? 16 * sixteens : 0)),
                    "pairs, rounded once each");
                Assert.That(
                    Count(ptx, "ld.shared.v4.f32"), Is.EqualTo(single ? 4 * (8 + (4 * sixteens)) : arguments[0]
                        .GetProperty("AlongTerms")!.GetValue(null) is true || pairs ? 0 : 8), "16-byte loads of the stages");
                Assert.That(
                    (Count(ptx, "cp.async.cg.shared.global") > 0, Count(ptx, "cp.async.ca.shared.global") > 0),
                    Is.EqualTo((wide, narrow)), "copies of 16 bytes, or of 4");
                Assert.That(
                    Count(ptx, "ld.global"), KernelInstance.IsFusedProduct(kernel.Method) ? Is.Positive : Is.Zero,
                    "loads that wait");
            }

            if (type.StartsWith("ProductGpu", StringComparison.Ordinal))
            {
                Type sums = kernel.Method.DeclaringType.GenericTypeArguments[3];
                bool tf32 = sums == typeof(TensorSums<Tf32Factors>), halves = sums == typeof(TensorSums<BFloat16Factors>);
                bool single = !tf32 && !halves;
                Assert.That(Count(ptx, "fma.rn.f32"), Is.EqualTo(single ? 8 * 64 : 0), "a tile's eight terms, written out");
                Assert.That(
                    (Count(ptx, Tf32Product), Count(ptx, BFloat16ProductOfEight)),
                    Is.EqualTo((tf32 ? 16 : 0, halves ? 16 : 0)), "a tile's eight terms of a warp");
                Assert.That(Count(ptx, "cvt.rn.bf16x2.f32"), Is.EqualTo(halves ? 8 + 4 : 0), "pairs of numbers");
                Assert.That(Count(ptx, "cvt.rna.tf32.f32"), tf32 ? Is.Positive : Is.Zero, "roundings to TF32");
                Assert.That(Count(ptx, "ld.shared.v4.f32"), Is.EqualTo(single ? 8 * 4 : 6), "16-byte loads of the tiles");
                Assert.That(Count(ptx, "ld.shared.f32"), Is.Zero);
                Assert.That(Count(ptx, "st.global.v4.f32"), Is.EqualTo(16), "16-byte stores");
                if (kernel.IsWide && !KernelInstance.IsFusedProduct(kernel.Method))
                {
                    Assert.That(Count(ptx, "ld.global.f32"), Is.Zero, "single loads");
                }
            }
        }
    }

    private static string Row(KernelInstance kernel)
    {
        string ptx = PtxListing.Of(kernel.Method), body = Body(kernel);
        AssembledKernel[] assembled = [.. Architectures.Select(architecture => PtxAssembler.Assemble(ptx, architecture))];
        return $"{kernel.Name} | {string.Join(", ", assembled.Select(one => one.Registers))} | " +
            $"{assembled.Max(one => one.Spills)} | {assembled.Max(one => one.Stack)} | {assembled[0].Shared} "
            + $"| {Count(body, "ld.global.v4.f32")} + {Count(body, "ld.global.f32")} | {Count(body, "st.global.v4.f32")} + " +
                $"{Count(body, "st.global.f32")}";
    }

    private static string Body(KernelInstance kernel)
    {
        string ptx = PtxListing.Of(kernel.Method);
        return ptx[ptx.IndexOf(".entry", StringComparison.Ordinal)..];
    }

    /// <summary>
    /// What an elementwise kernel moves of an element: a thread loads and stores 16 bytes of four elements at a time.
    /// </summary>
    private static int Moved(KernelInstance kernel) =>
        4 * (Count(Body(kernel), "ld.global.v4.f32") + Count(Body(kernel), "st.global.v4.f32")) / kernel.InFlight;

    private static int Count(string text, string instruction) => Regex.Count(text, Regex.Escape(instruction));

    [GeneratedRegex(@"st\.global(?:(?!st\.global|ld\.global).)*ld\.global", RegexOptions.Singleline)]
    private static partial Regex StoresBeforeLoads();

    [GeneratedRegex(@"\b(add|sub|mul|div|sqrt|mad)\.f32")]
    private static partial Regex Unrounded();
}
