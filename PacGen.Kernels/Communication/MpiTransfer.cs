using System.Diagnostics;

namespace PacGen.Kernels;

/// <summary>Messages of MPI. MPI counts bytes in an int, so that long ones are cut into pieces.</summary>
/// <param name="library">The library.</param>
/// <param name="tag">What tells its messages from others.</param>
internal sealed unsafe class MpiTransfer(MpiLibrary library, int tag) : Transfer
{
    private const int MostBytes = 64 << 20;

    /// <summary>How long a message that can't be cancelled, being on its way, may still take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private nint[] requests = new nint[2];
    private int open;

    public override void Begin(int partner, void* send, long sendBytes, void* receive, long receiveBytes)
    {
        int most = (int)((Math.Max(sendBytes, receiveBytes) + MostBytes - 1) / MostBytes) * 2;
        requests = requests.Length < most ? new nint[most] : requests;
        open = 0;
        fixed (nint* all = requests)
        {
            for (long start = 0; start < receiveBytes; start += MostBytes)
            {
                library.Receive(
                    (byte*)receive + start, (int)Math.Min(receiveBytes - start, MostBytes), partner, tag, all + open);
                open++;
            }

            for (long start = 0; start < sendBytes; start += MostBytes)
            {
                library.Send((byte*)send + start, (int)Math.Min(sendBytes - start, MostBytes), partner, tag, all + open);
                open++;
            }
        }
    }

    public override bool IsDone()
    {
        fixed (nint* all = requests)
        {
            for (int i = 0; i < open;)
            {
                if (library.IsDone(all + i))
                {
                    all[i] = all[--open];
                }
                else
                {
                    i++;
                }
            }
        }

        return open == 0;
    }

    public override bool Cancel()
    {
        bool any = open > 0;
        fixed (nint* all = requests)
        {
            for (int i = 0; i < open; i++)
            {
                try
                {
                    library.Cancel(all + i);
                }
                catch (CommunicationException)
                {
                    // It may end by itself, as the others are waited for.
                }
            }
        }

        try
        {
            long began = Stopwatch.GetTimestamp();
            while (!IsDone() && Stopwatch.GetElapsedTime(began) < Patience)
            {
                Thread.Yield();
            }
        }
        catch (CommunicationException)
        {
            // The way is lost, and its messages with it.
        }

        open = 0;
        return any;
    }
}
