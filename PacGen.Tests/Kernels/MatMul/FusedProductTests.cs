using PacGen.Kernels;
using PacGen.Tests.CudaEmulator;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Products that compute an expression as they store: on every device the bits of the product and a map behind it.
/// </summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(DeviceFixture.Ids))]
internal sealed class FusedProductTests(string id)
{
    private Device Device => Device.Open(id);

    private bool IsSimulator => Device is GpuDevice { Kind: DeviceKind.Simulator };

    private static readonly Expression
        BiasAndRelu = Of<ReluFunction>(Of<AddFunction>(Expression.Argument(0), Expression.Argument(1))),
        ScaleAndShift = Of<AddFunction>(
            Of<MultiplyFunction>(Expression.Argument(0), Expression.Argument(1)), Expression.Argument(2)),
        Normalized = Of<ReluFunction>(Of<AddFunction>(ScaleAndShift, Expression.Argument(3))),
        Residual = Of<AddFunction>(Expression.Argument(0), Expression.Argument(1)),
        Masked = Of<MultiplyFunction>(Expression.Argument(0), Of<StepFunction>(Expression.Argument(1)));

    // Whole and cut tiles, wide and narrow.
    [TestCase(40, 12, 36, 0)]
    [TestCase(33, 7, 37, 0)]
    [TestCase(40, 12, 36, 1)]
    [TestCase(1, 1, 1, 0)]
    [TestCase(70, 9, 3, 0)]
    public void MatricesWithABiasAndMore(int rows, int terms, int columns, int offset)
    {
        Shape target = new(rows, columns), column = new(columns);
        Shape[] factors = [new(rows, terms), new(terms, columns)];
        Check(new MatMul(), BiasAndRelu, target, factors, [column], offset);
        Check(new MatMul(), Normalized, target, factors, [column, new(1, columns), target], offset);
        Check(new MatMul(), Residual, target, factors, [new(1)], offset);
        Check(new MatMul(), Normalized, target, factors, [new(1), column, new(1)], offset);
        Check(new MatMul(true), Masked, target, [new(terms, rows), factors[1]], [target], offset);
    }

    [TestCase(4, 4, 0)]
    [TestCase(3, 5, 0)]
    [TestCase(4, 8, 1)]
    public void Convolutions(int channels, int outputs, int offset)
    {
        Shape images = new(2, 4, 5, channels), weights = new(3, 3, channels, outputs), results = new(2, 4, 5, outputs);
        Check(
            new Conv2dForward(1, 1), Normalized, results, [images, weights], [new(outputs), new(outputs), results], offset);
        Check(
            new Conv2dInputGradient(new Conv2dGeometry(1, 1), 4, 5), Masked, images, [results, weights], [images], offset);
        Check(
            new Conv2dWeightGradient(new Conv2dGeometry(1, 1), 3, 3), ScaleAndShift, weights, [images, results],
            [new(1), weights], offset);
    }

    /// <summary>Places that a stride leaves without a window have an epilogue too.</summary>
    [TestCase(1)]
    [TestCase(3)]
    public void GradientsOfStridedConvolutions(int kernel)
    {
        Conv2dGeometry geometry = new(2, kernel / 2);
        Shape images = new(2, 5, 6, 4), results = new(2, 3, 3, 8), weights = new(kernel, kernel, 4, 8);
        Check(new Conv2dInputGradient(geometry, 5, 6), ScaleAndShift, images, [results, weights], [new(4), images], 0);
    }

    /// <summary>Sums of many terms are taken in parts on a GPU: the expression comes behind them.</summary>
    [Test]
    public void LongSums() =>
        Check(new MatMul(), BiasAndRelu, new Shape(4, 16), [new(4, 2051), new(2051, 16)], [new(16)], 0);

    [TestCase(200, 100, 300)]
    [TestCase(1025, 40, 260)]
    public void LargeTiles(int rows, int terms, int columns)
    {
        if (IsSimulator)
        {
            Assert.Ignore("The simulator would take minutes.");
        }

        MatricesWithABiasAndMore(rows, terms, columns, 0);
        MatricesWithABiasAndMore(rows, terms, columns + 1, 1);
    }

    /// <summary>An argument of one number stores as wide as one of a number a column.</summary>
    [Test]
    public void OneNumberIsNoReasonToStoreFloats()
    {
        if (EmulatedDriver.Loaded is not { } driver || Device is not GpuDevice { Kind: DeviceKind.Cuda } device)
        {
            Assert.Ignore("The emulated device counts stores.");
            return;
        }

        Assert.That(Stores(new Shape(1)), Is.EqualTo(Stores(new Shape(36))));

        long Stores(Shape other)
        {
            Shape[] shapes = [new(40, 12), new(12, 36), other];
            RunCounts counts = driver.Counts = new RunCounts();
            try
            {
                KernelRun.Values(
                    device, new FusedProduct(new MatMul(), Residual, new Shape(40, 36)), shapes,
                    [.. shapes.Select(shape => KernelRun.Random(shape, 1))], 0);
            }
            finally
            {
                driver.Counts = null;
            }

            return counts.ByKind["st.global"];
        }
    }

    [Test]
    public void ArgumentsThatFitNowhereAreRefused()
    {
        FusedProduct product = new(new MatMul(), BiasAndRelu, new Shape(4, 6));
        Assert.That(
            () => product.Infer([new(4, 3), new(3, 6), new(4, 1)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(4, 1)"));
        Assert.That(() => product.Infer([new(4, 3), new(3, 6)]), Throws.TypeOf<ShapeException>());
        Assert.That(() => product.Infer([new(6, 3), new(3, 4), new(6)]), Throws.TypeOf<ShapeException>());
        Expression many = Expression.Argument(0);
        for (int i = 1; i <= 5; i++)
        {
            many = Of<AddFunction>(many, Expression.Argument(i));
        }

        Assert.That(
            () => new FusedProduct(new MatMul(), many, new Shape(4, 6)).Infer(
                [new(4, 3), new(3, 6), .. Enumerable.Repeat(new Shape(6), 5)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("at most 4"));
    }

    private static Expression Of<TFunction>(Expression operand)
        where TFunction : struct, IUnaryFunction => Expression.Unary<TFunction>().Substitute([operand]);

    private static Expression Of<TFunction>(Expression left, Expression right)
        where TFunction : struct, IBinaryFunction => Expression.Binary<TFunction>().Substitute([left, right]);

    private void Check(ProductOperation product, Expression epilogue, Shape target, Shape[] factors, Shape[] others, int offset)
    {
        float[][] inputs = [.. factors.Concat(others).Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        float[] sums = KernelRun.Values(Device, product, factors, inputs[..2], offset);
        FusedMap map = new(epilogue, target);
        float[] expected = KernelRun.Values(Device, map, [target, .. others], [sums, .. inputs[2..]], offset);
        FusedProduct fused = new(product, epilogue, target);
        Assert.That(
            KernelRun.Values(Device, fused, [.. factors, .. others], inputs, offset), Is.EqualTo(expected),
            $"{fused} of {string.Join(", ", factors.Concat(others))} on {Device.Name}");
        if (Device is GpuDevice gpu)
        {
            bool before = gpu.FusesMaps;
            try
            {
                gpu.FusesMaps = true;
                Assert.That(product.WithEpilogue(gpu, epilogue, target, others), Is.EqualTo(fused));
                gpu.FusesMaps = false;
                Assert.That(product.WithEpilogue(gpu, epilogue, target, others), Is.Null);
            }
            finally
            {
                gpu.FusesMaps = before;
            }
        }
    }
}
