using System.Diagnostics;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Suites;

/// <summary>A piece of <see cref="Work"/> on a device, ready to run again and again.</summary>
/// <param name="device">Where.</param>
/// <param name="enqueue">Does it once, or on a GPU asks for it.</param>
/// <param name="owned">What is disposed of with it.</param>
internal sealed class PreparedWork(Device device, Action enqueue, params IReadOnlyList<IDisposable> owned) : IDisposable
{
    private const int LeastSamples = 5, LeastOfLong = 2;

    // Milliseconds. A launch on a GPU is shorter than the wait for it, so more of them are waited for together.
    private readonly double shortestSample = device is GpuDevice ? 5 : 0.2;

    /// <summary>Where the time goes, launch by launch; null where the work does not say.</summary>
    public Func<IReadOnlyList<LaunchTime>>? Profile { get; init; }

    /// <summary>Does the work some times and waits for the device at the end alone.</summary>
    public void Run(int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            enqueue();
        }

        device.Synchronize();
    }

    /// <summary>The shortest of many runs: what the machine can do when nothing else disturbs it.</summary>
    /// <param name="seconds">How long to repeat it.</param>
    /// <returns>Milliseconds a run; short runs are timed several together.</returns>
    public double Best(double seconds)
    {
        Run();
        double once = Sample(1);
        int together = (int)Math.Clamp(Math.Ceiling(shortestSample / once), 1, 1000);
        int least = once < 1000 * seconds ? LeastSamples : LeastOfLong;
        double best = double.PositiveInfinity;
        long started = Stopwatch.GetTimestamp();
        for (int sample = 0; sample < least || Stopwatch.GetElapsedTime(started).TotalSeconds < seconds; sample++)
        {
            best = Math.Min(best, Sample(together));
        }

        return best;
    }

    public void Dispose()
    {
        foreach (IDisposable item in owned)
        {
            item.Dispose();
        }
    }

    /// <summary>Does the work some times, and says how long one took, in milliseconds.</summary>
    public double Sample(int times)
    {
        long begun = Stopwatch.GetTimestamp();
        Run(times);
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds / times;
    }
}
