using System.Buffers;
using PacGen.Core.Randomness;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

[NonParallelizable]
internal sealed class BatchLoaderTests
{
    // 80 images: ImageSetTests.Set tells them apart by their first byte, 3 · image mod 256.
    private static readonly ImageSet Set = ImageSetTests.Set(80, 4, 3, 1);

    [Test]
    public void GivesEveryImageOnceAnEpoch([Values(1, 7, 16, 79, 80)] int batchSize, [Values] bool shuffled)
    {
        using BatchLoader loader = shuffled ? BatchLoader.Shuffled(Set, batchSize, seed: 5) : BatchLoader.Sequential(
            Set, batchSize);
        for (int epoch = 1; epoch <= 3; epoch++)
        {
            int[] order = Epoch(loader, epoch);
            Assert.That(order, shuffled ? Is.EquivalentTo(Enumerable.Range(0, 80)) : Is.EqualTo(Enumerable.Range(0, 80)));
        }

        Assert.That((loader.BatchCount, loader.SampleCount), Is.EqualTo(((80 + batchSize - 1) / batchSize, 80)));
    }

    [Test]
    public void DropsTheLastSmallerBatchWhenAsked([Values(7, 16, 80)] int batchSize)
    {
        using BatchLoader loader = BatchLoader.Shuffled(Set, batchSize, seed: 5, dropLast: true);
        int[] order = Epoch(loader, 1);
        Assert.That(order, Has.Length.EqualTo(80 / batchSize * batchSize).And.Length.EqualTo(loader.SampleCount));
        Assert.That(order, Is.Unique);
    }

    /// <summary>
    /// The order depends on seed and epoch, and on nothing else: not on the batch size, nor on what was loaded before.
    /// </summary>
    [Test]
    public void OrdersBySeedAndEpochAlone()
    {
        using BatchLoader one = BatchLoader.Shuffled(Set, 16, seed: 5), two = BatchLoader.Shuffled(
            Set, 9, seed: 5), other = BatchLoader.Shuffled(Set, 16, seed: 6);
        int[] first = Epoch(one, 1), second = Epoch(one, 2);

        Assert.That(Epoch(two, 2), Is.EqualTo(second));
        Assert.That(Epoch(two, 1), Is.EqualTo(first));
        Assert.That(second, Is.Not.EqualTo(first));
        Assert.That(Epoch(other, 1), Is.Not.EqualTo(first));

        int[] expected = [.. Enumerable.Range(0, 80)];
        new RandomStream(5, 0x8000_0001, 1).Shuffle(expected);
        Assert.That(first, Is.EqualTo(expected));
    }

    [Test]
    public void StartsAnewInTheMiddleOfAnEpoch()
    {
        using BatchLoader loader = BatchLoader.Shuffled(Set, 8, seed: 5);
        int[] first = Epoch(loader, 1), second = Epoch(loader, 2);
        for (int taken = 0; taken <= 10; taken++)
        {
            loader.Start(1);
            for (int i = 0; i < taken; i++)
            {
                Assert.That(loader.TryNext(out Batch batch));
                Assert.That(Images(batch), Is.EqualTo(first[(8 * i)..(8 * (i + 1))]));
            }

            Assert.That(Epoch(loader, 2), Is.EqualTo(second), $"after {taken} batches");
        }
    }

    /// <summary>A batch stays as it is until the next one is asked for, however far the loader is ahead.</summary>
    [Test]
    public void KeepsABatchUntilTheNext()
    {
        using BatchLoader loader = BatchLoader.Sequential(Set, 8);
        loader.Start(1);
        while (loader.TryNext(out Batch batch))
        {
            float[] images = batch.Samples.ToArray(), labels = batch.Targets.ToArray();
            Thread.Sleep(2);
            Assert.That(batch.Samples.SequenceEqual(images) && batch.Targets.SequenceEqual(labels));
        }
    }

    [Test]
    public void AllocatesNothingForABatch()
    {
        using BatchLoader loader = BatchLoader.Shuffled(ImageSetTests.Set(800, 4, 3, 1), 1, seed: 5);
        long least = long.MaxValue;
        for (int epoch = 1; epoch <= 20; epoch++)
        {
            // Both threads count. Once a batch is there the epoch's order is made, which may allocate.
            loader.Start(epoch);
            loader.TryNext(out _);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            int batches = 0;
            while (loader.TryNext(out _))
            {
                batches++;
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
            Assert.That(batches, Is.EqualTo(799));
        }

        // Other threads of the test host may allocate now and then; a byte a batch would show.
        Assert.That(least, Is.LessThan(799));
    }

    [Test]
    public void ThrowsWhatTheLoadingThreadThrew()
    {
        using FailingMemory memory = new(80);
        ImageSet set = new(memory.Memory, new int[80], 1, 1, 10, new Normalization([0], [1]));
        using BatchLoader loader = BatchLoader.Sequential(set, 8);

        memory.Fails = true;
        loader.Start(1);
        Assert.That(() => loader.TryNext(out _), Throws.TypeOf<IOException>().With.Message.EqualTo("The memory is gone."));
        Assert.That(() => loader.TryNext(out _), Throws.TypeOf<IOException>(), "again");

        memory.Fails = false;
        loader.Start(2);
        int batches = 0;
        while (loader.TryNext(out _))
        {
            batches++;
        }

        Assert.That(batches, Is.EqualTo(10), "after the cause is gone");
    }

    [Test]
    public void StopsCleanlyWheneverItIsDisposed()
    {
        for (int taken = 0; taken <= 10; taken++)
        {
            BatchLoader loader = BatchLoader.Shuffled(Set, 8, seed: 1);
            loader.Start(1);
            for (int i = 0; i < taken; i++)
            {
                loader.TryNext(out _);
            }

            loader.Dispose();
            loader.Dispose();
            Assert.That(() => loader.TryNext(out _), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => loader.Start(2), Throws.TypeOf<ObjectDisposedException>());
        }

        BatchLoader.Sequential(Set, 8).Dispose();
    }

    [Test]
    public void RefusesABatchSizeThatDoesNotFit([Values(-1, 0, 81)] int batchSize)
    {
        string message = $"A batch size of {batchSize} does not fit 80 images. Choose 1 to 80.";
        Assert.That(() => BatchLoader.Sequential(Set, batchSize), Throws.TypeOf<DataException>().With.Message.EqualTo(message));
        Assert.That(() => BatchLoader.Shuffled(Set, batchSize, 1), Throws.TypeOf<DataException>().With.Message.EqualTo(message));
    }

    [Test]
    public void RefusesBatchesBeforeAnEpochAndEpochsBelowZero()
    {
        using BatchLoader loader = BatchLoader.Sequential(Set, 8);
        Assert.That(() => loader.TryNext(out _), Throws.InvalidOperationException);
        Assert.That(() => loader.Start(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    /// <summary>The images of an epoch, in order; each batch's size, place, pixels and labels are checked on the way.</summary>
    private static int[] Epoch(BatchLoader loader, int epoch)
    {
        List<int> order = [];
        loader.Start(epoch);
        int index = 0;
        while (loader.TryNext(out Batch batch))
        {
            Assert.That(batch.Index, Is.EqualTo(index++));
            Assert.That(batch.Count, Is.EqualTo(Math.Min(loader.BatchSize, loader.SampleCount - order.Count)));
            int[] images = Images(batch);
            float[] pixels = new float[batch.Samples.Length], labels = new float[batch.Count];
            Set.Gather(images, pixels, labels);
            Assert.That(batch.Samples.SequenceEqual(pixels) && batch.Targets.SequenceEqual(labels));
            order.AddRange(images);
        }

        Assert.That(loader.TryNext(out _), Is.False);
        Assert.That(index, Is.EqualTo(loader.BatchCount));
        return [.. order];
    }

    /// <summary>Which images a batch has, from their first pixels.</summary>
    private static int[] Images(Batch batch)
    {
        int[] images = new int[batch.Count];
        for (int i = 0; i < images.Length; i++)
        {
            images[i] = (int)Math.Round(batch.Samples[i * Set.SampleSize] * 0.3 * 255) / 3;
        }

        return images;
    }

    private sealed class FailingMemory(int size) : MemoryManager<byte>
    {
        private readonly byte[] bytes = new byte[size];

        public volatile bool Fails;

        public override Span<byte> GetSpan() => Fails ? throw new IOException("The memory is gone.") : bytes;

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
