using System.Collections.Concurrent;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Ranks that are threads of one process: what is tested of sums and runs then needs no MPI.</summary>
internal sealed class ThreadCommunicator : Communicator
{
    private readonly Mail mail;

    private ThreadCommunicator(int rank, int size, Mail mail)
        : base(rank, size) => this.mail = mail;

    public override string Library => "threads";

    /// <summary>Does the same on all ranks at once.</summary>
    /// <returns>What each gave, in their order.</returns>
    public static T[] Run<T>(int size, Func<Communicator, T> work)
    {
        Mail mail = new();
        T[] results = new T[size];
        Thread[] threads =
        [
            .. Enumerable.Range(0, size).Select(rank => new Thread(() =>
            {
                try
                {
                    results[rank] = work(new ThreadCommunicator(rank, size, mail));
                }
#pragma warning disable CA1031 // The test's thread throws it on.
                catch (Exception error)
#pragma warning restore CA1031
                {
                    mail.Failure ??= error;
                }
            })),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return mail.Failure is null ? results : throw new AssertionException($"A rank failed: {mail.Failure}");
    }

    public override void Abort(int exitCode) => throw new InvalidOperationException($"Aborted with {exitCode}.");

    internal override Transfer Open(int number) => new Letter(mail, Rank, number);

    internal override void Wait(int partner)
    {
        if (mail.Failure is not null)
        {
            throw new InvalidOperationException("Another rank has failed.");
        }

        // Threads that wait leave the processor to those that don't.
        lock (mail)
        {
            Monitor.Wait(mail, 1);
        }
    }

    /// <summary>What was sent and not yet received, by sender, receiver and number.</summary>
    private sealed class Mail
    {
        public ConcurrentDictionary<(int From, int To, int Number), ConcurrentQueue<byte[]>> Boxes { get; } = new();

        public Exception? Failure { get; set; }

        public ConcurrentQueue<byte[]> Box(int from, int to, int number) => Boxes.GetOrAdd((from, to, number), _ => new());
    }

    private sealed unsafe class Letter(Mail mail, int rank, int number) : Transfer
    {
        private int partner;
        private byte* receive;
        private long expected;

        public override void Begin(int partner, void* send, long sendBytes, void* receive, long receiveBytes)
        {
            Assert.That(expected, Is.Zero, "one after the other");
            this.receive = (byte*)receive;
            (this.partner, expected) = (partner, receiveBytes);
            if (sendBytes > 0)
            {
                mail.Box(rank, partner, number).Enqueue(new ReadOnlySpan<byte>(send, (int)sendBytes).ToArray());
                lock (mail)
                {
                    Monitor.PulseAll(mail);
                }
            }
        }

        public override bool IsDone()
        {
            if (expected > 0 && mail.Box(partner, rank, number).TryDequeue(out byte[]? came))
            {
                Assert.That(came, Has.Length.EqualTo(expected));
                came.CopyTo(new Span<byte>(receive, came.Length));
                expected = 0;
            }

            return expected == 0;
        }

        public override bool Cancel()
        {
            bool any = expected > 0;
            expected = 0;
            return any;
        }
    }
}
