using System.Diagnostics;

namespace PacGen.Benchmarks.Suites;

/// <summary>The shortest of many runs: what the machine can do when nothing else disturbs it.</summary>
internal static class BestOf
{
    private const double ShortestSample = 0.2, ShortestQueue = 5;
    private const int LeastSamples = 5;
    private const int LeastOfLong = 2;

    /// <summary>Times a piece of work.</summary>
    /// <param name="work">What to run.</param>
    /// <param name="seconds">How long to repeat it.</param>
    /// <returns>Milliseconds a run. Runs below 0.2 ms are timed several together.</returns>
    public static double Milliseconds(Action work, double seconds) => Milliseconds(
        times =>
        {
            for (int i = 0; i < times; i++)
            {
                work();
            }
        },
        seconds,
        ShortestSample);

    /// <summary>
    /// Times a piece of work on a device that is waited for after some runs: those of a sample go to it together.
    /// </summary>
    /// <param name="work">What to run.</param>
    /// <param name="seconds">How long to repeat it.</param>
    /// <returns>Milliseconds a run. Runs below 5 ms are timed several together.</returns>
    public static double Milliseconds(Work work, double seconds) => Milliseconds(work.Run, seconds, ShortestQueue);

    private static double Milliseconds(Action<int> work, double seconds, double shortest)
    {
        work(1);
        long started = Stopwatch.GetTimestamp();
        work(1);
        double once = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        int together = (int)Math.Clamp(Math.Ceiling(shortest / once), 1, 1000);
        int least = once < 1000 * seconds ? LeastSamples : LeastOfLong;
        double best = double.PositiveInfinity;
        started = Stopwatch.GetTimestamp();
        for (int sample = 0; sample < least || Stopwatch.GetElapsedTime(started).TotalSeconds < seconds; sample++)
        {
            long begun = Stopwatch.GetTimestamp();
            work(together);
            best = Math.Min(best, Stopwatch.GetElapsedTime(begun).TotalMilliseconds / together);
        }

        return best;
    }
}
