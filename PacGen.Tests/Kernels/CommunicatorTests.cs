using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

internal sealed class CommunicatorTests
{
    /// <summary>Few numbers go whole, many in halves; both along the tree, whatever their place.</summary>
    [Test]
    public void SumsGoAlongTheTreeOverRanks([Values(1, 2, 4, 8)] int size, [Values(1, 3, 4096, 4099, 20_011)] int count)
    {
        float[][] values =
        [
            .. Enumerable.Range(0, size).Select(rank => Enumerable.Range(0, count).Select(
                i => (float)Math.Sin((rank * 7919) + (i * 1.37)) * MathF.Pow(10, (rank + i) % 7)).ToArray()),
        ];
        float[] expected = new float[count];
        for (int i = 0; i < count; i++)
        {
            float[] level = [.. values.Select(one => one[i])];
            while (level.Length > 1)
            {
                level = [.. level.Chunk(2).Select(pair => pair[0] + pair[1])];
            }

            expected[i] = level[0];
        }

        float[][] sums = ThreadCommunicator.Run(size, ranks =>
        {
            float[] own = [.. values[ranks.Rank]];
            ranks.Sum(own);
            return own;
        });
        Assert.That(sums, Is.All.EqualTo(expected));
    }

    /// <summary>A sum that an exception leaves is given up, and no other is begun: the ranks are out of step.</summary>
    [TestCase(100)]
    [TestCase(100_000)]
    public void NoSumFollowsOneThatWasLeft(int count)
    {
        ThreadCommunicator.Run(2, ranks =>
        {
            using CpuDevice device = new(1);
            using DeviceBuffer buffer = device.Allocate(count);
            using (BufferSum sum = new(ranks, buffer))
            {
                if (ranks.Rank == 0)
                {
                    sum.Begin(0);
                }
            }

            if (ranks.Rank == 0)
            {
                Assert.That(
                    () => ranks.Sum(new float[count]),
                    Throws.TypeOf<CommunicationException>().With.Message.Contains("unfinished on rank 0 of 2"));
                Assert.That(() => ranks.Barrier(), Throws.TypeOf<CommunicationException>());
            }

            return true;
        });
    }

    /// <summary>
    /// Ranges that begin when they are there, on each rank in an order of its own: the sums of the whole; on a device through
    /// page-locked memory of the host.
    /// </summary>
    [Test]
    public void RangesAreSummedAsTheWhole([Values(1, 2, 4)] int size, [Values] bool simulated)
    {
        const int Count = 12_007;
        float[][][] sums = ThreadCommunicator.Run(size, ranks =>
        {
            using CpuDevice processor = new(1);
            Device device = simulated ? Device.Simulator : processor;   // the simulator is everybody's
            using DeviceBuffer buffer = device.Allocate(Count);
            using BufferSum sum = new(ranks, buffer, [.. Cut(buffer, 0, 1, 5000, 5003, 11_000, Count)]);
            float[] values = [.. Enumerable.Range(0, Count).Select(i => MathF.Sin((ranks.Rank * 7919f) + i) * (1 + (i % 7)))];
            float[] expected = [.. values];
            ranks.Sum(expected);
            float[][] found = [expected, new float[Count], new float[Count]];
            for (int round = 1; round <= 2; round++)
            {
                buffer.Write(0, values);
                for (int i = 0; i < sum.Ranges.Count - 1; i++)
                {
                    sum.Begin((i + ranks.Rank) % (sum.Ranges.Count - 1));
                    sum.Advance();
                }

                sum.Finish();
                buffer.Read(0, found[round]);
            }

            return found;
        });
        Assert.That(sums.SelectMany(found => found), Is.All.EqualTo(sums[0][0]));

        static IEnumerable<Region> Cut(DeviceBuffer buffer, params int[] at) =>
            at.Zip(at.Skip(1), (start, end) => new Region(buffer, start, end - start));
    }

    [Test]
    public void GathersInTheOrderOfRanks([Values(1, 2, 8)] int size)
    {
        int[][] all = ThreadCommunicator.Run(size, ranks =>
        {
            int[] gathered = new int[3 * size];
            ranks.Gather<int>([ranks.Rank, 10 * ranks.Rank, -1], gathered);
            return gathered;
        });
        Assert.That(all, Is.All.EqualTo(Enumerable.Range(0, size).SelectMany(rank => new[] { rank, 10 * rank, -1 })));
    }

    [Test]
    public void OneRankIsEnoughForAny([Values(1, 2, 4, 8)] int size)
    {
        Assert.That(ThreadCommunicator.Run(size, ranks => ranks.Any(ranks.Rank == size - 1)), Is.All.True);
        Assert.That(ThreadCommunicator.Run(size, ranks => ranks.Any(false)), Is.All.False);
    }

    [Test]
    public void ThreeProcessesAreRefused() => Assert.That(
        () => ThreadCommunicator.Run(3, ranks => 0), Throws.TypeOf<AssertionException>().With.Message.Contains("1, 2, 4, 8"));
}
