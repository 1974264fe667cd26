using System.Runtime.ExceptionServices;
using PacGen.Core.Randomness;

namespace PacGen.Nn.Data;

/// <summary>
/// Gives the images of a set batch by batch. A thread of its own gathers the next batches while one is worked on, into three
/// buffers that take turns; once it runs, a batch allocates nothing. The order of a shuffled epoch is a function of the seed and
/// the epoch alone. One thread at a time may call it.
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
    /// <summary>The stream of the run's random numbers that orders images; far from the small numbers that other arrays count with.</summary>
    private const uint OrderStream = 0x8000_0001;

    /// <summary>One that the caller has, one that is ready, one that is being filled.</summary>
    private const int BufferCount = 3;

    private readonly ulong? seed;
    private readonly int[] order;
    private readonly float[][] images = new float[BufferCount][];
    private readonly float[][] labels = new float[BufferCount][];
    private readonly Thread thread;

    // Guards all below. `round` counts the starts: a batch of an abandoned round is thrown away when it is done.
    private readonly object gate = new();
    private int round, epoch, filled, given;
    private bool disposed;
    private Exception? fault;

    private BatchLoader(ImageSet source, int batchSize, ulong? seed, bool dropLast)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (batchSize < 1 || batchSize > source.Count)
        {
            throw new DataException($"A batch size of {batchSize} does not fit {source.Count} images. Choose 1 to {source.Count}.");
        }

        Source = source;
        BatchSize = batchSize;
        this.seed = seed;
        BatchCount = dropLast ? source.Count / batchSize : ((source.Count - 1) / batchSize) + 1;
        ImageCount = dropLast ? BatchCount * batchSize : source.Count;
        order = new int[source.Count];
        for (int i = 0; i < BufferCount; i++)
        {
            images[i] = GC.AllocateUninitializedArray<float>(checked(batchSize * source.ImageSize), pinned: true);
            labels[i] = GC.AllocateUninitializedArray<float>(batchSize, pinned: true);
        }

        thread = new Thread(Work) { IsBackground = true, Name = "PacGen batches" };
        thread.Start();
    }

    /// <summary>The images that are given.</summary>
    public ImageSet Source { get; }

    /// <summary>How many images a batch has.</summary>
    public int BatchSize { get; }

    /// <summary>How many batches an epoch has.</summary>
    public int BatchCount { get; }

    /// <summary>How many images an epoch gives: all, or all in whole batches where the last is dropped.</summary>
    public int ImageCount { get; }

    /// <summary>Batches in an order that seed and epoch decide: Fisher and Yates's shuffle by Philox.</summary>
    /// <param name="source">The images.</param>
    /// <param name="batchSize">How many to a batch.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="dropLast">Whether to leave out an epoch's last batch where it is smaller than the others.</param>
    /// <exception cref="DataException">The batch size is below 1 or larger than the set.</exception>
    public static BatchLoader Shuffled(ImageSet source, int batchSize, ulong seed, bool dropLast = false) => new(source, batchSize, seed, dropLast);

    /// <summary>Batches in the set's order, every image once: for evaluation.</summary>
    /// <param name="source">The images.</param>
    /// <param name="batchSize">How many to a batch; an epoch's last may be smaller.</param>
    /// <exception cref="DataException">The batch size is below 1 or larger than the set.</exception>
    public static BatchLoader Sequential(ImageSet source, int batchSize) => new(source, batchSize, seed: null, dropLast: false);

    /// <summary>Starts an epoch; one that was under way is abandoned.</summary>
    /// <param name="epoch">Which epoch; only a shuffled loader looks at it.</param>
    /// <param name="firstBatch">The batch to begin with, 0 to <see cref="BatchCount"/>: those before it were seen by a run that this one continues.</param>
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
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Gives the next batch, waiting for it if need be; false after an epoch's last.</summary>
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

            while (filled == given && fault is null && !disposed)
            {
                Monitor.Wait(gate);
            }

            ObjectDisposedException.ThrowIf(disposed, this);
            if (filled == given)
            {
                ExceptionDispatchInfo.Throw(fault!);
            }

            int index = given++, slot = index % BufferCount, count = CountOf(index);
            Monitor.PulseAll(gate);
            batch = new Batch(index, images[slot].AsSpan(0, count * Source.ImageSize), labels[slot].AsSpan(0, count));
            return true;
        }
    }

    /// <summary>Stops the loader's thread, in the middle of an epoch too.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            Monitor.PulseAll(gate);
        }

        thread.Join();
    }

    private int CountOf(int index) => Math.Min(BatchSize, ImageCount - (index * BatchSize));

    private void Work()
    {
        int ordered = 0;
        while (true)
        {
            int current, index, currentEpoch;
            lock (gate)
            {
                // The batch that was given last is in use until the next is asked for: its buffer is not to be filled.
                while (!disposed && (round == 0 || fault is not null || filled == BatchCount || filled - Math.Max(given - 1, 0) == BufferCount))
                {
                    Monitor.Wait(gate);
                }

                if (disposed)
                {
                    return;
                }

                (current, index, currentEpoch) = (round, filled, epoch);
            }

            Exception? failure = null;
            try
            {
                if (ordered != current)
                {
                    Order(currentEpoch);
                    ordered = current;
                }

                Source.Gather(order.AsSpan(index * BatchSize, CountOf(index)), images[index % BufferCount], labels[index % BufferCount]);
            }
#pragma warning disable CA1031 // Whatever it is, it belongs to the caller, who waits in TryNext.
            catch (Exception error)
#pragma warning restore CA1031
            {
                failure = error;
            }

            lock (gate)
            {
                if (current == round)
                {
                    fault = failure;
                    filled += failure is null ? 1 : 0;
                    Monitor.PulseAll(gate);
                }
            }
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
