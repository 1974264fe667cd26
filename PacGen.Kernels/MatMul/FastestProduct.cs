using System.Diagnostics;
using System.Reflection;
using ILGPU.Runtime.Cuda;
using PacGen.Core.Files;
using PacGen.Core.Randomness;

namespace PacGen.Kernels;

/// <summary>
/// Which of a product's kernels takes the least time on a device, each product measured once: in memory of its own, by the
/// device's own stream. Choices are kept in a file for later processes.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="choices">The file.</param>
internal sealed class FastestProduct(GpuDevice device, ChoiceFile choices)
{
    /// <summary>By how much the least time must be below that of the default: differences below are taken for noise.</summary>
    private const double Margin = 0.03;

    private const int Turns = 5, MostLaunches = 100;
    private const string Purpose = "timing a product";

    /// <summary>How long the launches take that are timed together.</summary>
    private const double BatchSeconds = 2e-3;

    private readonly Lock one = new();
    private Dictionary<string, string>? chosen;
    private bool told;

    /// <summary>
    /// Products of fewer operations have the default: at 40 TFLOP/s they take 5 µs, as long as their launch.
    /// </summary>
    public double LeastOperations { get; init; } = 0.2e9;

    /// <summary>How many kernels are timed: each of them is compiled first.</summary>
    public int MostKernels { get; init; } = 4;

    /// <summary>The seconds that some launches one behind the other take, each.</summary>
    public Func<ProductCandidate, Launch, int, double>? Clock { get; init; }

    /// <summary>The file of a device in the user's cache folder.</summary>
    public static FastestProduct Of(GpuDevice device) => new(
        device,
        new ChoiceFile(
            Path.Combine(UserCache.Folder, $"tiles-{FileName(device.Accelerator.Name)}.txt"), Description(device)));

    /// <summary>The kernel to take.</summary>
    public ProductCandidate Choose(ProductCandidates candidates)
    {
        ProductCandidate[] kernels = [.. candidates.Kernels.Take(MostKernels)];
        if (kernels.Length == 1 || candidates.Operations < LeastOperations)
        {
            return kernels[0];
        }

        lock (one)
        {
            chosen ??= choices.Read();
            if (chosen.TryGetValue(candidates.Product, out string? name)
                && candidates.Kernels.FirstOrDefault(kernel => kernel.Name == name) is { } known)
            {
                return known;
            }

            if (!told)
            {
                told = true;
                device.Notices?.Invoke(
                    $"Timing products' kernels on {device.Name}, once for each product; choices are kept in {choices.Path}.");
            }

            if (Measured(kernels, candidates.Sizes) is not { } best)
            {
                return kernels[0];
            }

            chosen[candidates.Product] = best.Name;
            choices.Add(candidates.Product, best.Name);
            return best;
        }
    }

    // Null where there is no memory for it, or the default fails.
    private ProductCandidate? Measured(ProductCandidate[] kernels, (long A, long B, long Output) sizes)
    {
        List<Launch> launches = [];
        List<ProductCandidate> ready = [];
        try
        {
            using DeviceBuffer a = Filled(sizes.A, 1), b = Filled(sizes.B, 2), output = device.Allocate(sizes.Output, Purpose);
            foreach (ProductCandidate kernel in kernels)
            {
                if (TryStart(kernel, new(a), new(b), new(output)) is { } launch)
                {
                    launches.Add(launch);
                    ready.Add(kernel);
                }
            }

            return ready.Count == 0 || ready[0] != kernels[0] ? null : Fastest(ready, launches);
        }
        catch (Exception failure) when (IsRefusal(failure))
        {
            return null;
        }
        finally
        {
            launches.ForEach(launch => launch.Dispose());
        }
    }

    private ProductCandidate Fastest(List<ProductCandidate> kernels, List<Launch> launches)
    {
        // By turns, so that a clock that changes meets all of them.
        int times = (int)Math.Clamp(BatchSeconds / Seconds(kernels[0], launches[0], 1), 1, MostLaunches);
        double[] best = [.. kernels.Select(_ => double.PositiveInfinity)];
        for (int turn = 0; turn < Turns; turn++)
        {
            for (int i = 0; i < best.Length; i++)
            {
                best[i] = Math.Min(best[i], Seconds(kernels[i], launches[i], times));
            }
        }

        int least = Array.IndexOf(best, best.Min());
        return best[least] < (1 - Margin) * best[0] ? kernels[least] : kernels[0];
    }

    private double Seconds(ProductCandidate kernel, Launch launch, int times) => Clock is null ? Timed(launch, times)
        : Clock(kernel, launch, times);

    private double Timed(Launch launch, int times)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < times; i++)
        {
            launch.Run();
        }

        device.Accelerator.DefaultStream.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / times;
    }

    // Compiles a kernel and runs it once; null where it doesn't compile, or there are too few registers or too little shared
    // memory for it.
    private Launch? TryStart(ProductCandidate kernel, Region a, Region b, Region output)
    {
        Launch? launch = null;
        try
        {
            launch = kernel.Bind(a, b, output);
            Timed(launch, 1);
            return launch;
        }
        catch (Exception failure) when (IsRefusal(failure))
        {
            launch?.Dispose();
            return null;
        }
    }

    private static bool IsRefusal(Exception failure) =>
        failure is DeviceException or NotSupportedException || GpuDevice.IsDriverFailure(failure);

    // Pairs of bfloat16 numbers of (-1, 1): read as floats, the same but for what follows bfloat16's bits.
    private DeviceBuffer Filled(long count, ulong seed)
    {
        DeviceBuffer buffer = device.Allocate(count, Purpose);
        float[] some = new float[Math.Min(count, 1 << 18)];
        for (int i = 0; i < some.Length; i++)
        {
            some[i] = BitConverter.Int32BitsToSingle(TensorCore.Pack(Number(2L * i), Number((2L * i) + 1)));
        }

        for (long start = 0; start < count; start += some.Length)
        {
            buffer.Write(start, some.AsSpan(0, (int)Math.Min(some.Length, count - start)));
        }

        return buffer;

        float Number(long index) => ((Philox.Word(seed, 0, 0, index) >> 8) / (float)(1 << 23)) - 1;
    }

    private static string FileName(string name) => string.Concat(
        name.Trim().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-'));

    private static string Description(GpuDevice device)
    {
        string version = typeof(FastestProduct).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion ?? "";
        string gpu = device.Accelerator is CudaAccelerator cuda
            ? $", compute capability {cuda.Architecture}, {CudaDriver.Version} for CUDA {cuda.DriverVersion}" : "";
        return $"PacGen {version}, {device.Accelerator.Name.Trim()}{gpu}";
    }
}
