using System.Diagnostics;

namespace PacGen.Benchmarks.Suites;

/// <summary>The shortest of many runs: what the machine can do when nothing else disturbs it.</summary>
internal static class BestOf
{
    private const double ShortestSample = 0.2;
    private const int LeastSamples = 5;

    /// <summary>Times a piece of work.</summary>
    /// <param name="work">What to run.</param>
    /// <param name="seconds">How long to repeat it.</param>
    /// <returns>Milliseconds a run. Runs below 0.2 ms are timed several together.</returns>
    public static double Milliseconds(Action work, double seconds)
    {
        work();
        long started = Stopwatch.GetTimestamp();
        work();
        int together = (int)Math.Clamp(Math.Ceiling(ShortestSample / Stopwatch.GetElapsedTime(started).TotalMilliseconds), 1, 1000);
        double best = double.PositiveInfinity;
        started = Stopwatch.GetTimestamp();
        for (int sample = 0; sample < LeastSamples || Stopwatch.GetElapsedTime(started).TotalSeconds < seconds; sample++)
        {
            long begun = Stopwatch.GetTimestamp();
            for (int i = 0; i < together; i++)
            {
                work();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(begun).TotalMilliseconds / together);
        }

        return best;
    }
}
