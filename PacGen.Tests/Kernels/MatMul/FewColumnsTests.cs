using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Products of up to 16 columns have the same bits in the staged tile of 16 columns as in that of 128 × 32.</summary>
[TestFixtureSource(typeof(WarpDevices), nameof(WarpDevices.Ids))]
[NonParallelizable]
internal sealed class FewColumnsTests(string id)
{
    // Both sides wide, B narrow, transposed; terms that are no multiple of a tile's.
    [TestCase(130, 48, 16, false)]
    [TestCase(33, 36, 10, false)]
    [TestCase(5, 28, 1, true)]
    public void Matrices(int rows, int terms, int columns, bool transposed) => Check(
        new MatMul(false, transposed), new Shape(rows, terms), transposed ? new Shape(columns, terms) : new Shape(terms, columns),
        true);

    /// <summary>The one case in which a sum of -0 would be 0.</summary>
    [Test]
    public void TermsThatEndWithATileAlone() => Check(new MatMul(), new Shape(40, 24), new Shape(24, 8), false);

    [TestCase(16, 16)]
    [TestCase(12, 16)]
    public void Convolutions(int channels, int outputs)
    {
        Shape x = new(2, 5, 6, channels), w = new(3, 3, channels, outputs), y = new(2, 5, 6, outputs);
        Check(new Conv2dForward(1, 1), x, w, true);
        Check(new Conv2dInputGradient(new Conv2dGeometry(1, 1), 5, 6), y, w, true);
    }

    private void Check(Operation operation, Shape a, Shape b, bool isStaged)
    {
        // Its own simulator, which has run no other kernel.
        WarpDevices.LeaveOut(id);
        using GpuDevice? simulator = WarpDevices.IsSimulator(id) ? WarpSimulator.Create(2) : null;
        GpuDevice device = simulator ?? (GpuDevice)Device.Open(id);
        if (!device.HasTensorCores)
        {
            Assert.Ignore($"{device.Name} has no copies that no thread waits for.");
        }

        float[] x = KernelRun.Random(a, 1), y = KernelRun.Random(b, 2);
        int before = device.LongSumColumns;
        try
        {
            device.LongSumColumns = 0;
            float[] expected = KernelRun.Values(device, operation, [a, b], [x, y], 0);
            device.LongSumColumns = 16;
            Assert.That(KernelRun.Values(device, operation, [a, b], [x, y], 0), Is.EqualTo(expected), $"{operation} of {a}, {b}");
            if (simulator is not null)
            {
                Assert.That(
                    simulator.Kernels.Count(kernel => kernel.DeclaringType!.Name.StartsWith("Staged", StringComparison.Ordinal)),
                    Is.EqualTo(isStaged ? 1 : 0));
            }
        }
        finally
        {
            device.LongSumColumns = before;
        }
    }
}
