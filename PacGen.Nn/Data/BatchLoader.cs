using System.Runtime.ExceptionServices;
using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// Gives the samples of a set batch by batch. Threads of its own gather, and vary, the next batches while one is worked on, into
/// buffers that take turns; once they run, a batch allocates nothing. The order of a shuffled epoch is a function of the seed and
/// the epoch alone, so the batches don't depend on the number of threads. One thread at a time may call it.
/// </summary>
/// <example>
/// <code>
/// using BatchLoader loader = BatchLoader.Shuffled(data.Train, batchSize: 64, seed: 1);
/// for (int epoch = 1; epoch &lt;= 5; epoch++)
/// {
///     loader.Start(epoch);
///     while (loader.TryNext(out Batch batch)) { … }
/// }
/// </code>
/// </example>
public sealed class BatchLoader : IDisposable
{
    /// <summary>
    /// The stream of the run's random numbers that orders samples; far from the small numbers that other arrays count with.
    /// </summary>
    private const uint OrderStream = 0x8000_0001;

    private readonly ulong? seed;
    private readonly Augmentation? augmentation;
    private readonly Func<int, int, (int Start, int Count)>? share;
    private readonly int[] order;
    private readonly float[][] samples;
    private readonly float[][] targets;
    private readonly Thread[] threads;

    // Guards all below. `round` counts the starts: a batch of an abandoned round is thrown away when it is done. `filled` counts
    // the batches that a thread has taken on; a buffer's state is the thread's, then the caller's.
    private readonly object gate = new();
    private readonly bool[] busy;
    private readonly int[] ready;
    private int round, epoch, filled, given, ordered;
    private bool ordering, disposed;
    private Exception? fault;

    private BatchLoader(
        SampleSet source, int batchSize, ulong? seed, bool dropLast, Augmentation? augmentation = null, int threadCount = 1,
        Func<int, int, (int Start, int Count)>? share = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threadCount, 1);
        ArgumentNullException.ThrowIfNull(source);
        Require(batchSize, source);
        Source = source;
        BatchSize = batchSize;
        this.seed = seed;
        this.share = share;
        BatchCount = dropLast ? source.Count / batchSize : ((source.Count - 1) / batchSize) + 1;
        SampleCount = dropLast ? BatchCount * batchSize : source.Count;
        order = new int[source.Count];
        this.augmentation = augmentation;
        if (augmentation is not null && source is not ImageSet)
        {
            throw new DataException(
                $"Images of bytes can be varied, but not {source}: give them without augmentation, or vary them in a set of " +
                $"your own.");
        }

        // One that the caller has, one that is ready, one for each thread that fills.
        samples = new float[threadCount + 2][];
        targets = new float[samples.Length][];
        busy = new bool[samples.Length];
        ready = new int[samples.Length];
        if ((long)batchSize * Math.Max(source.SampleSize, source.Target.Width) > Array.MaxLength)
        {
            throw new ArgumentException(
                $"A batch of {batchSize} {source.Noun} of {source.SampleSize} numbers has more than the {Array.MaxLength} that " +
                    $"can be held: use a smaller batch.", nameof(batchSize));
        }

        for (int i = 0; i < samples.Length; i++)
        {
            samples[i] = GC.AllocateUninitializedArray<float>(batchSize * source.SampleSize, pinned: true);
            targets[i] = GC.AllocateUninitializedArray<float>(batchSize * source.Target.Width, pinned: true);
        }

        threads = new Thread[threadCount];
        for (int i = 0; i < threadCount; i++)
        {
            threads[i] = new Thread(Work) { IsBackground = true, Name = "PacGen batches" };
            try
            {
                threads[i].Start();
            }
            catch (Exception error) when (error is OutOfMemoryException or ThreadStartException)
            {
                Array.Resize(ref threads, i);
                Dispose();
                throw new DataException(
                    "The system gives no thread to load samples with: end other programs, or raise the limit of processes or " +
                        "of address space (ulimit -u, -v).", error);
            }
        }
    }

    /// <summary>The samples that are given.</summary>
    public SampleSet Source { get; }

    /// <summary>How many samples a batch has.</summary>
    public int BatchSize { get; }

    /// <summary>How many batches an epoch has.</summary>
    public int BatchCount { get; }

    /// <summary>How many samples an epoch gives: all, or all in whole batches where the last is dropped.</summary>
    public int SampleCount { get; }

    /// <summary>Batches in an order that seed and epoch decide: Fisher and Yates's shuffle by Philox.</summary>
    /// <param name="source">The samples.</param>
    /// <param name="batchSize">How many to a batch.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="dropLast">Whether to leave out an epoch's last batch where it is smaller than the others.</param>
    /// <param name="augmentation">How the samples, which must be an <see cref="ImageSet"/>, are varied, by the same seed; null
    /// for as they are.</param>
    /// <param name="threads">How many threads gather batches; the batches don't depend on it.</param>
    /// <exception cref="DataException">The batch size is below 1 or larger than the set.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is below 1.</exception>
    public static BatchLoader Shuffled(
        SampleSet source, int batchSize, ulong seed, bool dropLast = false, Augmentation? augmentation = null, int threads = 1) =>
        new(source, batchSize, seed, dropLast, augmentation, threads);

    /// <summary>Batches in the set's order, every sample once: for evaluation.</summary>
    /// <param name="source">The samples.</param>
    /// <param name="batchSize">How many to a batch; an epoch's last may be smaller.</param>
    /// <exception cref="DataException">The batch size is below 1 or larger than the set.</exception>
    public static BatchLoader Sequential(SampleSet source, int batchSize) => new(source, batchSize, seed: null, dropLast: false);

    /// <summary>The same, of which this process needs some samples alone.</summary>
    /// <param name="source">The samples.</param>
    /// <param name="batchSize">How many to a batch.</param>
    /// <param name="seed">The run's seed; null for the set's order.</param>
    /// <param name="share">From a batch's index and its number of samples: which of these are wanted; the others' places hold
    /// anything.</param>
    /// <param name="augmentation">How the samples are varied.</param>
    /// <param name="threads">How many threads gather batches.</param>
    internal static BatchLoader Shared(
        SampleSet source, int batchSize, ulong? seed, Func<int, int, (int Start, int Count)> share,
        Augmentation? augmentation = null, int threads = 1) =>
        new(source, batchSize, seed, dropLast: false, augmentation, threads, share);

    /// <exception cref="DataException">The batch size is below 1 or larger than the set.</exception>
    internal static void Require(int batchSize, SampleSet source)
    {
        if (batchSize < 1 || batchSize > source.Count)
        {
            throw new DataException(
                $"A batch size of {batchSize} does not fit {source.Count} {source.Noun}. Choose 1 to {source.Count}.");
        }
    }

    /// <summary>Starts an epoch; one that was going on is abandoned.</summary>
    /// <param name="epoch">Which epoch; only a shuffled loader looks at it.</param>
    /// <param name="firstBatch">The batch to begin with, 0 to <see cref="BatchCount"/>: those before it were seen by a run that
    /// this one continues.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epoch"/> is below 0, or there is no such batch.</exception>
    /// <exception cref="ObjectDisposedException">The loader was disposed.</exception>
    public void Start(int epoch, int firstBatch = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstBatch, BatchCount);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            this.epoch = epoch;
            round++;
            filled = given = firstBatch;
            fault = null;
            Array.Fill(ready, -1);
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Gives the next batch, waiting for it if need be; false after an epoch's last.</summary>
    /// <param name="batch">The batch.</param>
    /// <returns>Whether there was another batch.</returns>
    /// <exception cref="InvalidOperationException">No epoch was started.</exception>
    /// <exception cref="ObjectDisposedException">The loader was disposed.</exception>
    /// <exception cref="Exception">Whatever reading the set's memory threw on the loader's thread.</exception>
    public bool TryNext(out Batch batch)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (round == 0)
            {
                throw new InvalidOperationException("A loader gives batches once an epoch was started.");
            }

            if (given == BatchCount)
            {
                batch = default;
                return false;
            }

            int slot = given % samples.Length;
            while (ready[slot] != given && fault is null && !disposed)
            {
                Monitor.Wait(gate);
            }

            ObjectDisposedException.ThrowIf(disposed, this);
            if (ready[slot] != given)
            {
                ExceptionDispatchInfo.Throw(fault!);
            }

            int index = given++, count = CountOf(index);
            Monitor.PulseAll(gate);
            batch = new Batch(
                index, count, samples[slot].AsSpan(0, count * Source.SampleSize),
                targets[slot].AsSpan(0, count * Source.Target.Width));
            return true;
        }
    }

    /// <summary>Stops the loader's threads, in the middle of an epoch too.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            Monitor.PulseAll(gate);
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }
    }

    private int CountOf(int index) => Math.Min(BatchSize, SampleCount - (index * BatchSize));

    private void Work()
    {
        byte[] scratch = augmentation is null ? [] : new byte[Source.SampleSize];
        while (true)
        {
            int current, index = -1, currentEpoch;
            lock (gate)
            {
                while (!disposed && !CanOrder() && !CanFill())
                {
                    Monitor.Wait(gate);
                }

                if (disposed)
                {
                    return;
                }

                (current, currentEpoch) = (round, epoch);
                if (CanOrder())
                {
                    ordering = true;
                }
                else
                {
                    index = filled++;
                    busy[index % samples.Length] = true;
                }
            }

            Exception? failure = null;
            try
            {
                if (index < 0)
                {
                    Order(currentEpoch);
                }
                else
                {
                    Fill(index, currentEpoch, scratch);
                }
            }
#pragma warning disable CA1031 // Whatever it is, it belongs to the caller, who waits in TryNext.
            catch (Exception error)
#pragma warning restore CA1031
            {
                failure = error;
            }

            lock (gate)
            {
                if (index < 0)
                {
                    (ordering, ordered) = (false, current);
                }
                else
                {
                    busy[index % samples.Length] = false;
                    if (current == round && failure is null)
                    {
                        ready[index % samples.Length] = index;
                    }
                }

                if (current == round)
                {
                    fault ??= failure;
                }

                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>
    /// A new round's order is to be made, by one thread; one that still fills a batch of the old round may see it change: its
    /// batch is thrown away.
    /// </summary>
    private bool CanOrder() => ordered != round && !ordering;

    /// <summary>
    /// The batch that was given last is in use until the next is asked for: its buffer is not to be filled, nor one that is still
    /// being filled.
    /// </summary>
    private bool CanFill() =>
        ordered == round && round > 0 && fault is null && filled < BatchCount
        && filled - Math.Max(given - 1, 0) < samples.Length && !busy[filled % samples.Length];

    private void Fill(int index, int currentEpoch, byte[] scratch)
    {
        (int start, int count) = share?.Invoke(index, CountOf(index)) ?? (0, CountOf(index));
        if (count <= 0)
        {
            return;
        }

        ReadOnlySpan<int> chosen = order.AsSpan((index * BatchSize) + start, count);
        int slot = index % samples.Length;
        Span<float> into = samples[slot].AsSpan(start * Source.SampleSize);
        Span<float> wanted = targets[slot].AsSpan(start * Source.Target.Width);
        if (augmentation is null)
        {
            Source.Gather(chosen, into, wanted);
        }
        else
        {
            augmentation.Gather((ImageSet)Source, chosen, seed!.Value, currentEpoch, into, wanted, scratch);
        }
    }

    private void Order(int epoch)
    {
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        if (seed is ulong known)
        {
            new RandomStream(known, OrderStream, (uint)epoch).Shuffle(order);
        }
    }
}
