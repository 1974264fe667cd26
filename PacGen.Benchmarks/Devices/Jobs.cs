using System.Runtime.ExceptionServices;
using PacGen.Benchmarks.Runs;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Devices;

/// <summary>Jobs that share work, each with a device of its own.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Opened">The device, as one job has it.</param>
/// <param name="OpenOne">Opens a job's.</param>
internal sealed record Jobs(int Count, OpenedDevice Opened, Func<OpenedDevice> OpenOne) : IDisposable
{
    /// <summary>Which of the work is theirs; null for all.</summary>
    public Shard? Shard { get; init; }

    /// <summary>The device, as one job has it.</summary>
    public Device Device => Opened.Device;

    /// <summary>Runs the same on all jobs at once, on this thread where there is one job alone.</summary>
    /// <param name="most">No more than so many jobs.</param>
    /// <param name="work">What each does with its device, until it is stopped, as it also is where another fails.</param>
    /// <param name="stop">Stops them.</param>
    /// <exception cref="Exception">The first that a job threw.</exception>
    public void Run(int most, Action<Device, CancellationToken> work, CancellationToken stop)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        ExceptionDispatchInfo? failure = null;
        Thread[] others = [.. Enumerable.Range(1, Math.Max(0, Math.Min(Count, most) - 1)).Select(_ => new Thread(One))];
        Array.ForEach(others, thread => thread.Start());
        One();
        Array.ForEach(others, thread => thread.Join());
        failure?.Throw();

        void One()
        {
            try
            {
                using OpenedDevice own = OpenOne();
                work(own.Device, end.Token);
            }
#pragma warning disable CA1031 // Thrown again by the thread that waits.
            catch (Exception error)
#pragma warning restore CA1031
            {
                if (Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(error), null) is null)
                {
                    end.Cancel();
                }
            }
        }
    }

    public void Dispose() => Opened.Dispose();
}
