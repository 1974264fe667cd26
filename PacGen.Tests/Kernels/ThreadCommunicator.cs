using System.Collections.Concurrent;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Ranks that are threads of one process: what is tested of sums and runs then needs no MPI.</summary>
internal sealed class ThreadCommunicator : Communicator
{
    private readonly BlockingCollection<byte[]>[,] queues;

    private ThreadCommunicator(int rank, int size, BlockingCollection<byte[]>[,] queues)
        : base(rank, size) => this.queues = queues;

    public override string Library => "threads";

    /// <summary>Does the same on all ranks at once.</summary>
    /// <returns>What each gave, in their order.</returns>
    public static T[] Run<T>(int size, Func<Communicator, T> work)
    {
        var queues = new BlockingCollection<byte[]>[size, size];
        for (int i = 0; i < size * size; i++)
        {
            queues[i / size, i % size] = [];
        }

        T[] results = new T[size];
        Exception? failure = null;
        Thread[] threads =
        [
            .. Enumerable.Range(0, size).Select(rank => new Thread(() =>
            {
                try
                {
                    results[rank] = work(new ThreadCommunicator(rank, size, queues));
                }
#pragma warning disable CA1031 // The test's thread throws it on.
                catch (Exception error)
#pragma warning restore CA1031
                {
                    failure ??= error;
                    foreach (BlockingCollection<byte[]> queue in queues)
                    {
                        queue.CompleteAdding();
                    }
                }
            })),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return failure is null ? results : throw new AssertionException($"A rank failed: {failure}");
    }

    public override void Abort(int exitCode) => throw new InvalidOperationException($"Aborted with {exitCode}.");

    private protected override void Exchange(int partner, ReadOnlySpan<byte> send, Span<byte> receive)
    {
        queues[Rank, partner].Add(send.ToArray());
        byte[] came = queues[partner, Rank].Take();
        Assert.That(came, Has.Length.EqualTo(receive.Length));
        came.CopyTo(receive);
    }
}
