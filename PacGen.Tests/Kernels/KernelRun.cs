using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Runs an operation on the CPU at every vector width and with one and two threads, or on a GPU.</summary>
internal static class KernelRun
{
    private const int Guard = 32;
    private const float Canary = -7654321f;

    /// <summary>Numbers of (−1, 1), all different in practice, from a seed.</summary>
    public static float[] Random(Shape shape, ulong seed)
    {
        float[] values = new float[shape.Count];
        for (long i = 0; i < values.Length; i++)
        {
            values[i] = ((Philox.Word(seed, 0, 0, i) >> 8) / (float)(1 << 23)) - 1;
        }

        return values;
    }

    /// <summary>Integers of [0, below) as floats, from a seed.</summary>
    public static float[] Integers(int count, int below, ulong seed)
    {
        RandomStream stream = new(seed, 1);
        return [.. Enumerable.Range(0, count).Select(_ => (float)stream.NextBelow(below))];
    }

    /// <summary>
    /// The operation's values on the CPU; fails if anything outside the output is written or the launch allocates.
    /// </summary>
    public static float[] Values(VectorOperation operation, Shape[] shapes, float[][] inputs, int threads = 1, int? width = null)
    {
        using CpuDevice device = new(threads);
        return Values(device, operation, shapes, inputs, 0, (regions, output) =>
            operation.Bind(device, shapes, regions, output, width ?? CpuDevice.Width));
    }

    /// <summary>
    /// The operation's values on any device, its tensors lying <paramref name="offset"/> floats beyond an aligned address; fails
    /// as the other.
    /// </summary>
    public static float[] Values(Device device, Operation operation, Shape[] shapes, float[][] inputs, int offset) =>
        Values(device, operation, shapes, inputs, offset, (regions, output) => device.Bind(operation, shapes, regions, output));

    private static float[] Values(
        Device device, Operation operation, Shape[] shapes, float[][] inputs, int offset, Func<Region[], Region, Launch> bind)
    {
        List<DeviceBuffer> buffers = [];
        try
        {
            Region[] regions = new Region[inputs.Length];
            for (int i = 0; i < inputs.Length; i++)
            {
                int earlier = Array.IndexOf(inputs, inputs[i]);
                if (earlier < i)
                {
                    regions[i] = regions[earlier];
                    continue;
                }

                DeviceBuffer buffer = device.Allocate(inputs[i].Length + offset);
                buffers.Add(buffer);
                regions[i] = new Region(buffer, offset, inputs[i].Length);
                regions[i].Write(inputs[i]);
            }

            long count = operation.Infer(shapes).Count;
            DeviceBuffer whole = device.Allocate(count + (2 * Guard) + offset);
            buffers.Add(whole);
            float[] before = new float[whole.Count];
            Array.Fill(before, Canary);
            whole.Write(0, before);
            Region output = new(whole, Guard + offset, count);
            using Launch launch = bind(regions, output);
            launch.Run();
            float[] first = output.ToArray();
            bool allocatesItself = device is GpuDevice { Kind: DeviceKind.Simulator }
                || CudaEmulator.EmulatedDriver.Emulates(device);
            Assert.That(allocatesItself ? 0 : Allocated(launch), Is.Zero, "Run allocates.");
            float[] after = new Region(whole).ToArray();
            Assert.That(
                after.AsSpan(0, Guard + offset).IndexOfAnyExcept(Canary), Is.EqualTo(-1), "Run writes before its output.");
            Assert.That(
                after.AsSpan(after.Length - Guard).IndexOfAnyExcept(Canary), Is.EqualTo(-1), "Run writes behind its output.");
            Assert.That(
                Bits(after.AsSpan(Guard + offset, (int)count)).AsSpan().SequenceEqual(Bits(first)),
                "A second run gives other values.");
            return first;
        }
        finally
        {
            foreach (DeviceBuffer buffer in buffers)
            {
                buffer.Dispose();
            }
        }
    }

    /// <summary>
    /// Compares with the reference by |value − expected| ≤ tolerance · scale, scale being |expected| unless given, at each width,
    /// and demands the same bits of all widths and thread counts.
    /// </summary>
    public static void Check(
        VectorOperation operation, Shape[] shapes, float[][] inputs, double[] expected, double tolerance, ulong seed,
        double[]? scale = null)
    {
        string what = $"{operation} of {string.Join(" and ", shapes)}, seed {seed}";
        float[] values = Values(operation, shapes, inputs);
        Compare(values, expected, tolerance, scale, what);
        byte[] bits = Bits(values);
        foreach (int width in (int[])[16, 8, 4, 1])
        {
            foreach (int threads in (int[])[1, 2])
            {
                Assert.That(
                    Bits(Values(operation, shapes, inputs, threads, width)).AsSpan().SequenceEqual(bits),
                    $"{what}: other bits with {threads} threads at width {width}.");
            }
        }
    }

    /// <summary>
    /// Compares with the reference on a GPU, the tensors lying at aligned addresses and not, and with the CPU's bits where the
    /// operation promises them.
    /// </summary>
    public static void Check(
        GpuDevice device, VectorOperation operation, Shape[] shapes, float[][] inputs, double[] expected, double tolerance,
        ulong seed, double[]? scale, bool sameBits)
    {
        foreach (int offset in (int[])[0, 1])
        {
            string what = $"{operation} of {string.Join(" and ", shapes)} on {device.Name}, {offset} beyond an aligned " +
                $"address, seed {seed}";
            float[] values = Values(device, operation, shapes, inputs, offset);
            Compare(values, expected, tolerance, scale, what);
            if (sameBits)
            {
                Kernels.Bits.AssertSame(values, Values(operation, shapes, inputs), what);
            }
        }
    }

    private static void Compare(float[] values, double[] expected, double tolerance, double[]? scale, string what)
    {
        Assert.That(values, Has.Length.EqualTo(expected.Length), what);
        for (int i = 0; i < expected.Length; i++)
        {
            double allowed = tolerance * (scale is null ? Math.Abs(expected[i]) : scale[i]);
            if (!(Math.Abs(values[i] - expected[i]) <= allowed) && !(double.IsNaN(expected[i]) && float.IsNaN(values[i])))
            {
                Assert.Fail($"{what}: element {i} is {values[i]:R}, not {expected[i]:R} ± {allowed:R}.");
            }
        }
    }

    /// <summary>
    /// What a run allocates. A collection in between counts the unused rest of the thread's allocation block as allocated,
    /// so the least of several runs is what the launch itself does.
    /// </summary>
    private static long Allocated(Launch launch)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 4 && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            launch.Run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static byte[] Bits(ReadOnlySpan<float> values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(
        values).ToArray();
}
