using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace PacGen.Kernels;

/// <summary>
/// A few threads that share the tasks of one launch at a time. They spin for a moment before they sleep, because the launches
/// of a step follow each other within microseconds. Each has a range of the tasks, so that it finds in its cache what it made in
/// the launch before; who is done with that takes what others have left.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private const int SpinsBeforeSleep = 2000;
    private readonly Thread[] threads;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly TaskRange[] ranges;
    private CpuLaunch? launch;

    // Even while a launch runs or has run, odd while the next is prepared.
    private int number;
    private int completed;
    private int sleeping;
    private Exception? failure;
    private volatile bool stopping;

    /// <exception cref="DeviceException">The system gives no more threads.</exception>
    public WorkerPool(int workers)
    {
        threads = new Thread[workers - 1];
        ranges = new TaskRange[workers];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"PacGen worker {worker}" };
            try
            {
                threads[i].Start();
            }
            catch (Exception error) when (error is OutOfMemoryException or ThreadStartException)
            {
                // Uncaught it would be reported as a lack of memory, which a smaller batch wouldn't cure.
                Array.Resize(ref threads, i);
                Dispose();
                throw new DeviceException(
                    $"The system gives no more than {i + 1} of {workers} threads. Ask for fewer (--threads, PACGEN_THREADS), " +
                        $"or raise the limit of processes or of address space (ulimit -u, -v).",
                    error);
            }
        }
    }

    /// <summary>Runs all tasks of a launch; the caller works too. A task's exception is thrown here.</summary>
    public void Run(CpuLaunch launch)
    {
        lock (gate)
        {
            int tasks = launch.Tasks;
            if (threads.Length == 0 || tasks == 1)
            {
                for (int task = 0; task < tasks; task++)
                {
                    launch.RunTask(task, 0);
                }

                return;
            }

            int mine = number + 2;
            Interlocked.Exchange(ref number, mine - 1);
            failure = null;
            completed = 0;
            this.launch = launch;
            for (int i = 0; i < ranges.Length; i++)
            {
                ranges[i].Claimed = (long)mine << 32;
            }

            Interlocked.Exchange(ref number, mine);
            int asleep = Interlocked.Exchange(ref sleeping, 0);
            if (asleep > 0)
            {
                wake.Release(asleep);
            }

            Share(launch, mine, 0);
            SpinWait spin = default;
            while (Volatile.Read(ref completed) != tasks)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }

            if (failure is { } thrown)
            {
                ExceptionDispatchInfo.Throw(thrown);
            }
        }
    }

    /// <summary>Keeps the launches of other threads out until it is disposed; those of this thread run.</summary>
    public Lock.Scope Enter() => gate.EnterScope();

    /// <summary>Does something while no launch runs.</summary>
    public void WhileIdle(Action action)
    {
        lock (gate)
        {
            action();
        }
    }

    public void Dispose()
    {
        if (stopping)
        {
            return;
        }

        stopping = true;
        wake.Release(threads.Length + 1);
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        wake.Dispose();
    }

    private void Work(int worker)
    {
        int seen = 0;
        while (true)
        {
            int spins = 0;
            while (!IsNew(seen) && !stopping)
            {
                if (++spins < SpinsBeforeSleep)
                {
                    Thread.SpinWait(8);
                    continue;
                }

                // Announce sleep, then look once more: a launch that came in between has either counted us or is seen here.
                Interlocked.Increment(ref sleeping);
                if (!IsNew(seen) && !stopping)
                {
                    wake.Wait();
                }
                else if (!TryCancelSleep())
                {
                    wake.Wait();
                }

                spins = 0;
            }

            if (stopping)
            {
                return;
            }

            // The launch is that of the number where this has not changed meanwhile.
            int now = Volatile.Read(ref number);
            CpuLaunch? current = Volatile.Read(ref launch);
            if ((now & 1) == 0 && Volatile.Read(ref number) == now)
            {
                Share(current!, now, worker);
                seen = now;
            }
        }
    }

    private bool IsNew(int seen) => Volatile.Read(ref number) is int now && now != seen && (now & 1) == 0;

    private bool TryCancelSleep()
    {
        int now = Volatile.Read(ref sleeping);
        while (now > 0)
        {
            int before = Interlocked.CompareExchange(ref sleeping, now - 1, now);
            if (before == now)
            {
                return true;
            }

            now = before;
        }

        return false;
    }

    private void Share(CpuLaunch launch, int number, int worker)
    {
        int done = 0, tasks = launch.Tasks;
        for (int i = 0; i < ranges.Length; i++)
        {
            int owner = (worker + i) % ranges.Length;
            int start = Start(tasks, owner), count = Start(tasks, owner + 1) - start;
            for (; TryClaim(ref ranges[owner].Claimed, number, count) is >= 0 and int task; done++)
            {
                try
                {
                    launch.RunTask(start + task, worker);
                }
#pragma warning disable CA1031 // Whatever it is, it belongs to the caller of Run, once no task runs any more.
                catch (Exception thrown)
#pragma warning restore CA1031
                {
                    Interlocked.CompareExchange(ref failure, thrown, null);
                }
            }
        }

        // Behind the last, for the next launch may begin as soon as all are counted.
        if (done > 0)
        {
            Interlocked.Add(ref completed, done);
        }
    }

    private int Start(int tasks, int worker) => (int)((long)tasks * worker / ranges.Length);

    /// <summary>The next of a range's tasks; -1 where there is none, or the range is of another launch.</summary>
    private static int TryClaim(ref long claimed, int number, int count)
    {
        long now = Volatile.Read(ref claimed);
        while ((int)(now >> 32) == number && (int)now < count)
        {
            long before = Interlocked.CompareExchange(ref claimed, now + 1, now);
            if (before == now)
            {
                return (int)now;
            }

            now = before;
        }

        return -1;
    }

    /// <summary>
    /// The number of the launch in the high half, how many of a worker's tasks are claimed in the low half: a worker that wakes
    /// late can't claim a task of a launch that it doesn't know, and nobody waits for a worker that has claimed nothing.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct TaskRange
    {
        [FieldOffset(0)]
        public long Claimed;
    }
}
