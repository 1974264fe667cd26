using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>A fused map on a GPU gives the bits of the CPU's, at every way of broadcasting.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(GpuIds))]
internal sealed class FusedMapGpuTests(string id) : DeviceFixture(id)
{
    private static readonly int[][][] Broadcasts =
    [
        [[1], [1]], [[7], [7]], [[257], [1]], [[1], [1021]], [[64, 10], [10]], [[5, 1], [5, 3]], [[4, 1, 3], [1, 5, 1]],
        [[2, 3, 5, 7], [3, 1, 7]], [[2, 3, 5, 7], [1, 3, 1, 7]], [[2, 1, 3, 1, 5], [1, 4, 1, 3, 1]],
        [[2, 1, 3, 1, 2, 1], [1, 3, 1, 2, 1, 5]], [[], [4, 4]], [[32769], [32769]],

        // In fours along channels.
        [[3, 5, 8], [8]], [[3, 5, 8], [5, 1]], [[3, 1, 8], [5, 8]], [[2, 3, 4], [3, 4]], [[3, 5, 4], [3, 1, 4]],
        [[2, 3, 5, 8], [2, 1, 5, 1]], [[2, 3, 1], [1, 1, 8]], [[3, 6], [6]],
    ];

    [TestCaseSource(nameof(Broadcasts))]
    public void TwoInputs(int[] a, int[] b) => Compare(
        new FusedMap(Expression.Binary<MultiplyFunction>().Substitute(
            [Expression.Unary<TanhFunction>().Substitute([Expression.Argument(0)]),
                Expression.Binary<AddFunction>().Substitute([Expression.Argument(1), Expression.Argument(0)])])),
        new Shape(a), new Shape(b));

    [Test]
    public void EightInputs() => Compare(
        new FusedMap(Enumerable.Range(1, 7).Aggregate(
            Expression.Argument(0),
            (sum, next) => Expression.Binary<SubtractFunction>().Substitute([sum, Expression.Argument(next)]))),
        new Shape(3, 4, 5), new Shape(5), new Shape(4, 1), new Shape(3, 1, 1), Shape.Scalar, new Shape(1, 4, 5),
        new Shape(3, 1, 5), new Shape(3, 4, 1));

    [Test]
    public void AStretchedCopy() => Compare(FusedMap.BroadcastTo(new Shape(6, 5, 4)), new Shape(5, 1));

    [Test]
    public void PartsOfABufferInPlace()
    {
        int seed = TestContext.CurrentContext.Random.Next();
        float[] values = Bits.Any(100, new Random(seed));
        float[] Run(Device device)
        {
            using PacGen.Kernels.DeviceBuffer buffer = device.Allocate(100);
            buffer.Write(0, values);
            Region part = new(buffer, 13, 40);
            device.Bind(FusedMap.Unary<ExpFunction>(), [new Shape(40)], [part], part).Run();
            device.Synchronize();
            return new Region(buffer).ToArray();
        }

        Bits.AssertSame(Run(Device), Run(Device.Cpu), $"in place on {Device.Name}, seed {seed}");
    }

    [Test]
    public void MoreAxesThanItWalksIsSaid()
    {
        Shape a = new(2, 1, 2, 1, 2, 1, 2), b = new(1, 2, 1, 2, 1, 2, 1);
        using PacGen.Kernels.DeviceBuffer small = Device.Allocate(16), large = Device.Allocate(128);
        Assert.That(
            () => Device.Bind(
                FusedMap.Binary<AddFunction>(), [a, b], [new Region(small, 0, 16), new Region(small, 0, 8)], new Region(large)),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("Add").And.Message.Contains(Device.Name));
    }

    private void Compare(FusedMap map, params Shape[] shapes)
    {
        int seed = TestContext.CurrentContext.Random.Next();
        Random random = new(seed);
        float[][] values = [.. shapes.Select(shape => Bits.Any((int)shape.Count, random))];
        Bits.AssertSame(Run(Device), Run(Device.Cpu), $"{map.Name} on {Device.Name}, seed {seed}");

        float[] Run(Device device)
        {
            PacGen.Kernels.DeviceBuffer[] inputs = [.. shapes.Select(shape => device.Allocate(shape.Count))];
            using PacGen.Kernels.DeviceBuffer output = device.Allocate(map.Infer(shapes).Count);
            for (int i = 0; i < inputs.Length; i++)
            {
                inputs[i].Write(0, values[i]);
            }

            Launch launch = device.Bind(map, shapes, [.. inputs.Select(input => new Region(input))], new Region(output));
            launch.Run();
            launch.Run();
            float[] result = new Region(output).ToArray();
            foreach (PacGen.Kernels.DeviceBuffer input in inputs)
            {
                input.Dispose();
            }

            return result;
        }
    }
}
