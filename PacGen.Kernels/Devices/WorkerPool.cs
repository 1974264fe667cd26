using System.Runtime.ExceptionServices;

namespace PacGen.Kernels;

/// <summary>
/// A few threads that share the tasks of one launch at a time. They spin for a moment before they sleep, because the launches
/// of a step follow each other within microseconds.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private const int SpinsBeforeSleep = 2000;
    private readonly Thread[] threads;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim wake = new(0);
    private CpuLaunch? launch;

    // The launch's number in the high half, its next unclaimed task in the low half: a worker that wakes late can't claim
    // a task of a launch that it doesn't know, and nobody waits for a worker that has claimed nothing.
    private long ticket;
    private int completed;
    private int sleeping;
    private Exception? failure;
    private volatile bool stopping;

    /// <exception cref="DeviceException">The system gives no more threads.</exception>
    public WorkerPool(int workers)
    {
        threads = new Thread[workers - 1];
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

            // A number without tasks comes first: a worker that still holds the last number and finds this launch claims nothing.
            long number = (ticket >> 32) + 1;
            Interlocked.Exchange(ref ticket, (number << 32) | int.MaxValue);
            failure = null;
            Volatile.Write(ref this.launch, launch);
            Volatile.Write(ref completed, 0);
            long mine = (number + 1) << 32;
            Interlocked.Exchange(ref ticket, mine);
            int asleep = Interlocked.Exchange(ref sleeping, 0);
            if (asleep > 0)
            {
                wake.Release(asleep);
            }

            Share(launch, mine >> 32, 0);
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
        long seen = 0;
        while (true)
        {
            int spins = 0;
            while ((Volatile.Read(ref ticket) >> 32) == seen && !stopping)
            {
                if (++spins < SpinsBeforeSleep)
                {
                    Thread.SpinWait(8);
                    continue;
                }

                // Announce sleep, then look once more: a launch that came in between has either counted us or is seen here.
                Interlocked.Increment(ref sleeping);
                if ((Volatile.Read(ref ticket) >> 32) == seen && !stopping)
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

            seen = Volatile.Read(ref ticket) >> 32;
            if (Volatile.Read(ref launch) is { } current)
            {
                Share(current, seen, worker);
            }
        }
    }

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

    private void Share(CpuLaunch launch, long number, int worker)
    {
        int tasks = launch.Tasks;
        long now = Volatile.Read(ref ticket);
        while (now >> 32 == number && (int)now < tasks)
        {
            long before = Interlocked.CompareExchange(ref ticket, now + 1, now);
            if (before != now)
            {
                now = before;
                continue;
            }

            try
            {
                launch.RunTask((int)now, worker);
            }
#pragma warning disable CA1031 // Whatever it is, it belongs to the caller of Run, once no task runs any more.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref failure, thrown, null);
            }

            Interlocked.Increment(ref completed);
            now = Volatile.Read(ref ticket);
        }
    }
}
