namespace PacGen.Kernels;

/// <summary>Messages of MPI. MPI counts bytes in an int, so that long ones are cut into pieces.</summary>
/// <param name="library">The library.</param>
/// <param name="tag">What tells its messages from others.</param>
internal sealed unsafe class MpiTransfer(MpiLibrary library, int tag) : Transfer
{
    private const int MostBytes = 64 << 20;

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
                    (byte*)receive + start, (int)Math.Min(receiveBytes - start, MostBytes), partner, tag, all + open++);
            }

            for (long start = 0; start < sendBytes; start += MostBytes)
            {
                library.Send((byte*)send + start, (int)Math.Min(sendBytes - start, MostBytes), partner, tag, all + open++);
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
}
